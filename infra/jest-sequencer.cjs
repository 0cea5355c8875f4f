// Tests that start whole stacks take the longest and would be begun last, by their size: one core would wait for them.
const Sequencer = require("@jest/test-sequencer").default;

const isLong = ({ path }) => /\/infra\/(drills|local)\/|\/admin\.test\.ts$|\/archive\.test\.ts$/.test(path);

module.exports = class extends Sequencer {
  sort(tests) {
    const sorted = super.sort(tests);
    return [...sorted.filter(isLong), ...sorted.filter((test) => !isLong(test))];
  }
};
