import { describe, expect, it } from "vitest";
import { Budget, CompileError, CostLimitError } from "./cel-errors.ts";
import { STRING } from "./cel-type.ts";
import { compileProgram } from "./compile.ts";

const LIMIT = 1_000_000;

function evaluate(source: string, limit = LIMIT): unknown {
  return compileProgram(source, {}).evaluate([], new Budget(limit));
}

/** Why `source` cannot be compiled, without the line it is on. */
function complaint(source: string): string {
  try {
    compileProgram(source, { self: STRING });
  } catch (error) {
    if (error instanceof CompileError) return error.message;
    throw error;
  }
  throw new Error(`"${source}" compiles`);
}

describe("an expression that holds", () => {
  it.each([
    // The language.
    "1 + 2 * 3 == 7 && -7 / 2 == -3 && -7 % 2 == -1",
    "0x1F == 31 && 1u + 2u == 3u && 1.5e3 == 1500.0 && -9223372036854775808 < 0",
    "1 < 1.5 && 2u > 1 && dyn(1) == 1.0 && dyn(1u) == 1",
    "'a\\u00e4\\x41\\101\\n' == \"aäAA\\n\" && r'\\d' == '\\\\d' && '''a'b''' == \"a'b\"",
    "b'\\xff'.size() == 1",
    "true ? !false : 1 / 0 == 1",
    "1 / 0 == 1 || true",
    "!(false && 1 / 0 == 1)",
    "[1, 2, 3][1] == 2 && {'a': {'b': 1}}.a.b == 1 && {1: 'x'}[dyn(1u)] == 'x'",
    "2 in [1, 2] && !('c' in {'a': 1})",
    "[1, 2] + [3] == [1, 2, 3] && [[1]] != [[2]] && {'a': 1} == {'a': 1}",
    "has({'a': 1}.a) && !has({'a': 1}.b)",
    "type(1) == int && type('') == string && type([]) == list && type(null) == null_type",
    "type(timestamp(0)) == google.protobuf.Timestamp",
    "// a comment\n true",
    // Macros.
    "[1, 2, 3].all(x, x > 0) && [].all(x, false) && ![].exists(x, true)",
    "[0, 1].exists(x, 1 / x == 1)",
    "{'a': 1, 'b': 2}.all(k, k < 'c') && [1, 2].exists_one(x, x == 2)",
    "[1, 2, 3].map(x, x * 2) == [2, 4, 6] && [1, 2].map(x, x > 1, x) == [2]",
    "[1, 2, 3].filter(x, x % 2 == 1) == [1, 3]",
    "[[1, 2], [3]].exists(l, l.exists(x, x == 3))",
    "[1, 2].all(i, v, v == i + 1) && {'a': 1}.transformMap(k, v, v + 1) == {'a': 2}",
    "[5, 6].transformList(i, v, i > 0, v) == [6]",
    // Conversions.
    "string(1) == '1' && int('12') == 12 && double('1.5') == 1.5 && int(2.9) == 2 && uint(3) == 3u",
    "bool('true') && string(b'abc') == 'abc' && bytes('ä').size() == 2 && size('ä😀') == 2",
    // Texts.
    "'hello'.matches('^h.*o$') && matches('x1', '[0-9]') && !'a'.matches('^b')",
    "'ab'.contains('b') && 'ab'.startsWith('a') && 'ab'.endsWith('b')",
    "'a,b,c'.split(',') == ['a', 'b', 'c'] && 'a,b,c'.split(',', 2) == ['a', 'b,c']",
    "'aXbX'.replace('X', '-') == 'a-b-' && 'aXbX'.replace('X', '-', 1) == 'a-bX'",
    "'tacocat'.indexOf('c') == 2 && 'tacocat'.lastIndexOf('c') == 4 && 'ä😀x'.indexOf('x') == 2",
    "'tacocat'.substring(4) == 'cat' && 'tacocat'.substring(0, 4) == 'taco' && 'abc'.charAt(1) == 'b'",
    "'AbÄ'.lowerAscii() == 'abÄ' && 'ab'.upperAscii() == 'AB' && ' a '.trim() == 'a'",
    "['a', 'b'].join('-') == 'a-b' && ['a', 'b'].join() == 'ab'",
    "'%s is %d (%.2f)'.format(['a', 3, 1.5]) == 'a is 3 (1.50)'",
    "'abc 123'.find('[0-9]+') == '123' && '1a2b3'.findAll('[0-9]', 2) == ['1', '2']",
    // Lists and sets.
    "[1, 2, 2].isSorted() && ![2, 1].isSorted() && [1, 2].sum() == 3 && [0.5, 1.0].sum() == 1.5",
    "[3, 1, 2].min() == 1 && ['a', 'b'].max() == 'b' && [1, 2, 1].indexOf(2) == 1",
    "[1, 2, 1].lastIndexOf(1) == 2 && [duration('1s'), duration('2s')].sum() == duration('3s')",
    "sets.contains([1, 2], [1]) && sets.equivalent([1, 2], [2, 1]) && !sets.intersects([1], [2])",
    // Time.
    "timestamp('2024-02-29T23:30:00+02:00') == timestamp('2024-02-29T21:30:00Z')",
    "timestamp('2024-03-01T00:30:00Z').getHours('Europe/Berlin') == 1",
    "timestamp('2024-03-01T00:30:00Z').getDate('-01:00') == 29",
    "timestamp('2024-12-31T00:00:00Z').getDayOfYear() == 365 && timestamp(0).getMonth() == 0",
    "duration('1h30m') == duration('5400s') && duration('90m').getHours() == 1",
    "timestamp('2024-01-01T00:00:00Z') + duration('24h') < timestamp('2024-01-02T00:00:01Z')",
    "string(duration('1.5s')) == '1.5s' && string(timestamp(1)) == '1970-01-01T00:00:01Z'",
    // Libraries of Kubernetes.
    "quantity('1.5Gi').isGreaterThan(quantity('1G')) && quantity('1') == quantity('1000m')",
    "isQuantity('20M') && !isQuantity('20 M') && quantity('50k').asInteger() == 50000",
    "quantity('50k').add(20).compareTo(quantity('50020')) == 0 && quantity('-1').sign() == -1",
    "url('https://user@example.com:80/a/b?q=1&q=2').getHost() == 'example.com:80'",
    "url('https://example.com:80/a?q=1').getPort() == '80' && url('/p').getEscapedPath() == '/p'",
    "url('https://example.com/?q=1&q=2').getQuery()['q'] == ['1', '2'] && !isURL('../x')",
    "url('https://[::1]:80/').getHostname() == '::1' && url('https://x.y/').getScheme() == 'https'",
    "ip('::1').isLoopback() && ip('10.0.0.1').family() == 4 && !isIP('10.0.0.256')",
    "ip('2001:db8::1') == ip('2001:DB8:0::1') && !ip.isCanonical('2001:DB8::1')",
    "cidr('10.0.0.0/8').containsIP('10.1.2.3') && !cidr('10.0.0.0/8').containsCIDR('0.0.0.0/0')",
    "cidr('10.1.2.3/12').masked() == cidr('10.0.0.0/12') && cidr('::/0').prefixLength() == 0",
    "!format.dns1123Label().validate('my-name').hasValue()",
    "format.dns1123Label().validate('My_Name').value().size() == 1",
    "format.named('uuid').hasValue() && !format.named('other').hasValue()",
    // What may be absent.
    "{'a': 1}.?a.orValue(0) == 1 && {'a': 1}.?b.orValue(0) == 0 && [1][?3].orValue(9) == 9",
    "optional.of(3).optMap(x, x + 1).value() == 4 && !optional.none().hasValue()",
    "{?'a': optional.none(), 'b': 1}.size() == 1 && [?optional.of(1)] == [1]",
    "{'a': {'b': 1}}.?a.b.orValue(0) == 1 && optional.ofNonZeroValue('').orValue('x') == 'x'",
  ])("%s", (source) => {
    expect(evaluate(source)).toBe(true);
  });
});

describe("an expression without a result", () => {
  it.each([
    ["1 / 0", "division by zero"],
    ["1 % 0", "modulus by zero"],
    ["9223372036854775807 + 1", "integer overflow"],
    ["0u - 1u", "unsigned integer overflow"],
    ["{'a': 1}.b", "no such key: b"],
    ["[1][2]", "index out of bounds: 2"],
    ["dyn('a') + dyn(1)", "no such overload"],
    ["dyn(1) && true", "no such overload"],
    ["optional.none().value()", "optional.none() dereference"],
    ["int('a')", "type conversion error from 'string' to 'int'"],
    ["'abc'.substring(4)", "index out of range: 4"],
    ["'a'.matches('(')", "error parsing regexp: missing closing ): `(`"],
    ["{'a': 1, 'a': 2}", "Failed with repeated key: a"],
    ["[1, 0].all(x, 1 / x == 1)", "division by zero"],
  ])("%s: %s", (source, message) => {
    expect(() => evaluate(source)).toThrow(message);
  });
});

describe("an expression that cannot be compiled", () => {
  it.each([
    ["1 +", "Syntax error: mismatched input '<EOF>'"],
    ["a b", "Syntax error: mismatched input 'b'"],
    ["'a", "Syntax error: the text is not closed"],
    ["#", "Syntax error: token recognition error at: '#'"],
    ["if", "Syntax error: reserved identifier: if"],
    ["other > 1", "undeclared reference to 'other' (in container '')"],
    ["self.sortBy('x')", "undeclared reference to 'sortBy' (in container '')"],
    ["self > 1", "found no matching overload for '_>_' applied to '(string, int)'"],
    ["1 == 1.0", "found no matching overload for '_==_' applied to '(int, double)'"],
    ["self && true", "found no matching overload for '_&&_' applied to '(string, bool)'"],
    ["self.startsWith(1)", "found no matching overload for 'startsWith' applied to 'string.(int)'"],
    ["self.field", "type 'string' does not support field selection"],
    ["[1, 'a']", "expected type 'int' but found 'string'"],
    ["[1].all(x, 'a')", "expected type 'bool' but found 'string'"],
    ["has(self)", "invalid argument to has() macro"],
    [
      "self.all(x, true)",
      "expression of type 'string' cannot be range of a comprehension (must be list, map, or dynamic)",
    ],
  ])("%s", (source, message) => {
    expect(complaint(source)).toBe(message);
  });

  it.each([
    [
      "parentheses",
      `${"(".repeat(300)}1${")".repeat(300)}`,
      "expression recursion limit exceeded: 250",
    ],
    ["negations", `${"!".repeat(300)}true`, "expression recursion limit exceeded: 250"],
    ["operands", Array(5000).fill("1").join("+"), "the expression is too long"],
    ["fields", `self${".a".repeat(5000)}`, "the expression is too long"],
  ])("has too many %s", (_name, source, message) => {
    expect(complaint(source)).toBe(message);
  });

  it("is shown with the place where it is wrong", () => {
    const source = "true &&\n self > 1";
    expect(() => compileProgram(source, { self: STRING })).toThrow(CompileError);
    try {
      compileProgram(source, { self: STRING });
    } catch (error) {
      expect((error as CompileError).shownIn(source)).toBe(
        "ERROR: <input>:2:7: found no matching overload for '_>_' applied to '(string, int)'\n |  self > 1\n | ......^",
      );
    }
  });
});

describe("the cost of an expression", () => {
  const ten = "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]";
  const nested = Array.from({ length: 12 }).reduce<string>(
    (inner, _, i) => `${ten}.all(x${i}, ${inner})`,
    "true",
  );
  const doubling = Array.from({ length: 60 }).reduce<string>(
    (text) => `optional.of(${text}).optMap(x, x + x).value()`,
    "'0123456789'",
  );
  it.each([
    ["loops within loops", nested],
    ["texts that double", doubling],
    [
      "replacements that grow",
      `${"'".concat("a".repeat(5000), "'")}.replace('', '${"b".repeat(5000)}')`,
    ],
  ])("has a limit: %s", (_name, source) => {
    // Without one this test would not end, or not in the memory there is.
    expect(() => evaluate(source)).toThrow(CostLimitError);
  });

  it("cannot be escaped by an alternative", () => {
    expect(() => evaluate(`(${nested}) || true`)).toThrow(CostLimitError);
    expect(() => evaluate(`[1].exists(x, ${nested})`)).toThrow(CostLimitError);
  });

  it("does not grow beyond the text with a pattern that other engines try in vain", () => {
    expect(evaluate(`'${"a".repeat(50_000)}!'.matches('^(a+)+$')`)).toBe(false);
  });
});
