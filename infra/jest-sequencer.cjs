// Tests that start whole stacks take the longest and would be begun last, by their size: one core would wait for them.
const Sequencer = require("@jest/test-sequencer").default;

const isLong = ({ path }) =>
  /\/infra\/(drills|local)\/|\/packages\/(cli|sdk)\/.*\/(stack|command)\.test|\/packages\/drawing\/.*browser\.test|\/archive\.test\.js$/.test(
    path,
  );

module.exports = class extends Sequencer {
  sort(tests) {
    const sorted = super.sort(tests);
    return [...sorted.filter(isLong), ...sorted.filter((test) => !isLong(test))];
  }
};
