import { expect, test } from "@jest/globals";
import { cityOf } from "./cities.js";

test.each([
  ["Vienna", "Vienna"],
  ["Vienna (Leopoldstadt)", "Vienna"],
  ["Zurich (Zurich (Kreis 11) / Oerlikon)", "Zurich"],
  ["Seoul (Euljiro 2(i)-ga)", "Seoul"],
  ["Frankfurt (Oder)", "Frankfurt (Oder)"],
  ["Frankfurt (Oder) (Siedlung Markendorf)", "Frankfurt (Oder)"],
  ["Frankfurt am Main (Bornheim)", "Frankfurt am Main"],
  ["Homberg (Efze)", "Homberg (Efze)"],
  ["(nowhere)", "(nowhere)"],
  ["", ""],
])("%s is the city %s", (name, city) => {
  expect(cityOf(name)).toBe(city);
});
