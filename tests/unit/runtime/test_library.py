"""Each function of the library, by an expression that is true and by one that has no value."""

from __future__ import annotations

import pytest
from support.expressions import value

TRUE = {
    "strings": """
        'tacocat'.charAt(7) == ''
        'a©b'.charAt(1) == '©'
        'tacocat'.indexOf('a', 2) == 5
        'tacocat'.lastIndexOf('a', 4) == 1
        'tacocat'.lastIndexOf('') == 7
        'İSTANBUL'.lowerAscii() == 'İstanbul'
        'straße'.upperAscii() == 'STRAßE'
        'abc'.replace('', '-') == '-a-b-c-'
        'aaa'.replace('a', 'b', 2) == 'bba'
        'aaa'.replace('a', 'b', 0) == 'aaa'
        'a,b,c'.split(',', 2) == ['a', 'b,c']
        'abc'.split('', 2) == ['a', 'bc']
        'abc'.split('') == ['a', 'b', 'c']
        ''.split('') == [] && ''.split(',') == ['']
        'a b'.split(' ', 0) == []
        'tacocat'.substring(2, 4) == 'co'
        '\\u2003x\\u001f'.trim() == 'x\\u001f'
        'abc'.reverse() == 'cba'
        ['a', 'b'].join() == 'ab' && ['a', 'b'].join('-') == 'a-b'
        strings.quote('a"b\\n') == '"a\\\\"b\\\\n"'
        'abc' < 'abd' && 'Z' < 'a'
        size('ÿ') == 1 && size(b'ÿ') == 2
    """,
    "format": """
        '%s|%s|%s'.format([1, 1.5, true]) == '1|1.5|true'
        '%s'.format([{'b': 1, 'a': [null]}]) == '{a: [null], b: 1}'
        '%d %b %o %x %X'.format([-5, 5, 8, 255, 'z']) == '-5 101 10 ff 7A'
        '%.2f %e'.format([2.345, 1500]) == '2.35 1.500000e+03'
        '%f'.format([double('-inf')]) == '-Infinity'
        '100%%'.format([]) == '100%'
        '%s %s'.format([duration('90s'), timestamp('2024-01-01T00:00:00Z')]) == '90s 2024-01-01T00:00:00Z'
        '%s'.format([type(1)]) == 'int'
    """,
    "lists": """
        lists.range(3) == [0, 1, 2] && lists.range(0) == [] && lists.range(-1) == []
        [1, 2, 3, 4].slice(1, 3) == [2, 3] && [1].slice(1, 1) == []
        [[1], [2, [3]]].flatten() == [1, 2, [3]]
        [1, [2, [3, [4]]]].flatten(2) == [1, 2, 3, [4]]
        [3, 1, 2].sort() == [1, 2, 3] && [].sort() == []
        ['b', 'a'].sort() == ['a', 'b']
        [{'n': 2}, {'n': 1}].sortBy(x, x.n) == [{'n': 1}, {'n': 2}]
        ['bb', 'a', 'cc'].sortBy(x, [-size(x), 0]) == ['bb', 'cc', 'a']
        [1, 2, 1, 1.0, true].distinct() == [1, 2, true]
        [[1], [1], {'a': 1}, {'a': 1}].distinct() == [[1], {'a': 1}]
        [1, 2].reverse() == [2, 1]
        [1, 2].first().value() == 1 && [1, 2].last().value() == 2 && !dyn([]).first().hasValue()
        [1, 2, 1].indexOf(1) == 0 && [1, 2, 1].lastIndexOf(1) == 2 && [1].indexOf(3) == -1
        [1, 2, 2].isSorted() && ![2, 1].isSorted() && [].isSorted()
        [3, 1, 2].min() == 1 && [3.5, 1.5].max() == 3.5
        [1, 2, 3].sum() == 6 && [1.5].sum() == 1.5 && [duration('1s'), duration('2s')].sum() == duration('3s')
        [1u].sum() == 1u && [].sum() == 0
        [1, 2].map(x, x > 1, x * 2) == [4]
        [[1], [2, 3]].flatMap(l, l) == [1, 2, 3]
        [1, 2, 3].fold(x, sum, 0, sum + x) == 6
        ['a', 'b'].fold(x, all, [], [x] + all) == ['b', 'a']
        sets.contains([1, 2, 3], [3, 1]) && !sets.contains([1], [2]) && sets.contains([], [])
        sets.equivalent([1, 1, 2], [2u, 1.0]) && !sets.equivalent([1], [1, 2])
        sets.intersects([1, 2], [2, 3]) && !sets.intersects([1], []) && !sets.intersects([], [])
    """,
    "loops": """
        {'a': 1, 'b': 2}.all(k, v, k in ['a', 'b'] && v < 3)
        {'a': 1, 'b': 2}.map(k, k) == ['a', 'b']
        ['a', 'b'].transformMap(i, v, v + string(i)) == {0: 'a0', 1: 'b1'}
        {'a': 1, 'b': 2}.transformMap(k, v, v > 1, v * 10) == {'b': 20}
        {'a': 'x', 'b': 'y'}.transformMapEntry(k, v, {v: k}) == {'x': 'a', 'y': 'b'}
        ['a', 'b'].transformList(i, v, i > 0, v) == ['b']
        [1, 2, 3].existsOne(i, v, i == v - 1) == false
        {true: 1, false: 2}.exists(k, k) && {true: 1}.map(k, k) == [true]
    """,
    "maths": """
        math.greatest(1, 2, 3) == 3 && math.least([1.5, 2.5]) == 1.5 && math.greatest(1, 2.5) == 2.5
        type(math.greatest(1, 1.0)) == int && type(math.least(1.0, 1)) == double
        math.ceil(1.2) == 2.0 && math.floor(-1.2) == -2.0 && math.trunc(-1.9) == -1.0
        math.round(2.5) == 3.0 && math.round(-2.5) == -3.0 && math.round(0.49999999999999994) == 0.0
        math.abs(-3) == 3 && math.sign(-3.5) == -1.0 && math.sqrt(81) == 9.0 && math.isNaN(math.sqrt(-1.0))
        math.isInf(1.0 / 0.0) && math.isFinite(1.0) && !math.isFinite(0.0 / 0.0)
        math.bitAnd(6, 3) == 2 && math.bitOr(6u, 3u) == 7u && math.bitXor(6, 3) == 5 && math.bitNot(0) == -1
        math.bitShiftLeft(1, 63) == -9223372036854775807 - 1 && math.bitShiftLeft(1, 64) == 0
        math.bitShiftRight(-1, 1) == 9223372036854775807 && math.bitShiftRight(8u, 3) == 1u
    """,
    "numbers": """
        7 / -2 == -3 && -7 % 2 == -1 && 7 % -2 == 1
        dyn(1) == 1u && dyn(1u) == 1.0 && dyn(1) != dyn(true)
        dyn(9223372036854775807) < 1e300 && 1 < 2u && 2.5 > 2
        !(0.0 / 0.0 == 0.0 / 0.0) && 0.0 / 0.0 != 0.0 / 0.0 && !(0.0 / 0.0 < 1.0)
        {1: 'a'}[dyn(1.0)] == 'a' && {1u: 'a'}[dyn(1)] == 'a'
        dyn(1) in {1u: 'a'} && !(dyn(1.5) in {1: 'a'})
        {true: 'a'}[true] == 'a' && !(dyn(1) in {true: 'a'})
        [1, 2] == [dyn(1.0), dyn(2u)] && {'a': 1} == {'a': dyn(1.0)} && [1] != [1, 1]
        int('-0x1F') == -31 && int(-1.9) == -1 && uint('7') == 7u && double('1e3') == 1000.0
        string(1e6) == '1e+06' && string(100000.5) == '100000.5' && string(-0.00001) == '-1e-05'
        string(b'abc') == 'abc' && bytes('é') == b'\\303\\251' && bool('T') && !bool('false')
        type(type(1)) == type && type(1u) == uint && type(null) == null_type
        base64.encode(b'hello') == 'aGVsbG8=' && base64.decode('aGVsbG8') == b'hello'
        hash({'a': 1, 'b': 2}) == hash({'b': 2, 'a': 1.0}) && hash('ab') != hash(['a', 'b'])
    """,
    "times": """
        timestamp('2024-02-29T12:34:56.789Z').getDayOfYear() == 59
        timestamp('2024-02-29T23:30:00Z').getDate('+01:00') == 1
        timestamp('2024-02-29T23:30:00Z').getDate('-01:00') == 29
        timestamp('2024-07-01T00:00:00Z').getHours('Europe/Berlin') == 2
        timestamp('2024-02-29T12:34:56.789Z').getMilliseconds() == 789
        timestamp('2024-03-03T00:00:00Z').getDayOfWeek() == 0
        timestamp('2024-03-03T00:00:00Z').getMonth() == 2
        timestamp('2024-01-01T00:00:00+02:00') == timestamp('2023-12-31T22:00:00Z')
        string(timestamp('2024-01-01T00:00:00.120Z')) == '2024-01-01T00:00:00.12Z'
        int(timestamp('1969-12-31T23:59:59.5Z')) == -1 && timestamp(0) == timestamp('1970-01-01T00:00:00Z')
        timestamp(10) - timestamp(4) == duration('6s') && timestamp(4) + duration('1m') == timestamp(64)
        duration('1h30m').getMinutes() == 90 && duration('-1.5s').getSeconds() == -1
        duration('-1.5s').getMilliseconds() == -500 && duration('1.5h') == duration('90m')
        string(duration('-1500ms')) == '-1.5s'
        duration('1us') < duration('.1ms') && duration('0') == duration('0s')
    """,
    "optionals": """
        optional.of(1).orValue(2) == 1 && optional.none().orValue(2) == 2
        optional.of(1).or(optional.of(1 / 0)).value() == 1 && optional.of(1).orValue(1 / 0) == 1
        !optional.ofNonZeroValue('').hasValue() && optional.ofNonZeroValue([0]).hasValue()
        {'a': {'b': 1}}.?a.?b.value() == 1 && !{'a': {'b': 1}}.?a.?c.hasValue()
        {'a': {'b': 1}}.?a.b.value() == 1
        [1, 2][?1].value() == 2 && ![1, 2][?5].hasValue() && {'a': 1}[?'b'].orValue(3) == 3
        optional.of(2).optMap(x, x * 2).value() == 4 && !optional.none().optMap(x, x).hasValue()
        optional.of({'a': 1}).optFlatMap(m, m.?a).value() == 1
        [?optional.of(1), ?optional.none(), 3] == [1, 3]
        {?'a': optional.of(1), ?'b': optional.none()} == {'a': 1}
        optional.unwrap([optional.of(1), optional.none()]) == [1] && [optional.of(2)].unwrapOpt() == [2]
        has({'a': optional.of({'b': 1})}.a.b) && !has({'a': 1}.?x.b)
    """,
    "quantities": """
        quantity('1Gi').compareTo(quantity('1024Mi')) == 0 && quantity('1') == quantity('1000m')
        quantity('250m').isLessThan(quantity('0.5')) && quantity('2k').isGreaterThan(quantity('1.9k'))
        quantity('250m').add(quantity('750m')) == quantity('1') && quantity('2').sub(3) == quantity('-1')
        quantity('-5').sign() == -1 && quantity('1e3').asInteger() == 1000 && !quantity('1.5').isInteger()
        quantity('250m').asApproximateFloat() == 0.25
        isQuantity('1.5Gi') && !isQuantity('1 Gi') && !isQuantity('Gi')
        quantity('0.1n') == quantity('1n') && quantity('1E').sign() == 1 && quantity('.5') == quantity('500m')
        string(quantity('17179869184')) == '16Gi'
        string(quantity('1500m')) == '1500m' && string(quantity('0')) == '0'
        quantity('100Ei') == quantity('9223372036854775807')
    """,
    "addresses": """
        isIP('10.0.0.1') && !isIP('10.0.0.01') && !isIP('10.0.0') && !isIP('::1%eth0')
        string(ip('2001:DB8:0:0::1')) == '2001:db8::1' && ip.isCanonical('::1') && !ip.isCanonical('::0001')
        ip('10.0.0.1').family() == 4 && ip('::1').family() == 6
        ip('::1').isLoopback() && ip('127.9.9.9').isLoopback()
        ip('0.0.0.0').isUnspecified() && ip('169.254.0.1').isLinkLocalUnicast()
        ip('fe80::1').isLinkLocalUnicast()
        ip('224.0.0.5').isLinkLocalMulticast()
        ip('ff12::1').isLinkLocalMulticast() && !ip('ff05::1').isGlobalUnicast()
        ip('10.0.0.1').isGlobalUnicast() && !ip('255.255.255.255').isGlobalUnicast()
        cidr('10.0.0.0/8').containsIP('10.255.0.1') && !cidr('10.0.0.0/8').containsIP(ip('::1'))
        cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16') && !cidr('10.1.0.0/16').containsCIDR('10.0.0.0/8')
        cidr('10.0.0.7/24').masked() == cidr('10.0.0.0/24') && cidr('10.0.0.7/24').ip() == ip('10.0.0.7')
        cidr('::/0').prefixLength() == 0 && isCIDR('::/0') && !isCIDR('10.0.0.0/33') && !isCIDR('10.0.0.0/08')
        type(ip('::1')) == net.IP && type(cidr('::/0')) == net.CIDR
    """,
    "urls": """
        url('https://user@example.com:80/a%20b?x=1&x=2&y#z').getHost() == 'example.com:80'
        url('https://[::1]:80/').getHostname() == '::1' && url('https://[::1]:80/').getPort() == '80'
        url('HTTP://example.com').getScheme() == 'http'
        url('/path only').getEscapedPath() == '/path%20only'
        url('https://e.com/a?x=1&x=b%20c').getQuery() == {'x': ['1', 'b c']}
        isURL('https://e.com') && !isURL('e.com')
        !isURL('https://e x.com') && !isURL('../a') && !isURL('http://e%')
    """,
    "patterns": """
        'foobar'.matches('^fo+b') && !'foobar'.matches('^b') && matches('x', '') && 'a.b'.matches('\\\\.')
        'abc 123 de4'.find('[0-9]+') == '123' && 'abc'.find('x') == ''
        '1 22 333'.findAll('[0-9]+') == ['1', '22', '333'] && '1 22 333'.findAll('[0-9]+', 2) == ['1', '22']
        regex.replace('ab ab', 'a(b)', '<\\\\1>') == '<b> <b>' && regex.replace('aaa', 'a', 'b', 2) == 'bba'
        regex.extract('id=42', 'id=([0-9]+)').value() == '42'
        regex.extractAll('a1b2', '[0-9]') == ['1', '2']
        'ÿ'.matches('^.$')
    """,
    "formats": """
        format.dns1123Label().validate('a-b1') == optional.none()
        format.dns1123Label().validate('A').hasValue()
        format.named('qualifiedName').value().validate('example.com/Name_1') == optional.none()
        !format.named('nothing').hasValue() && format.dns1123LabelPrefix().validate('web-') == optional.none()
        format.labelValue().validate('') == optional.none() && format.labelValue().validate('-a').hasValue()
        format.dns1123Subdomain().validate('a.b-c.d') == optional.none()
        format.dns1035Label().validate('1a').hasValue()
        format.date().validate('2024-02-30').hasValue()
        format.date().validate('2024-02-29') == optional.none()
        format.datetime().validate('2024-02-29T00:00:00Z') == optional.none()
        format.byte().validate('!').hasValue()
        format.uuid().validate('123e4567-e89b-12d3-a456-426614174000') == optional.none()
        format.uri().validate('https://e.com') == optional.none() && format.uri().validate('e').hasValue()
        format.qualifiedName().validate('a/b/c').hasValue()
        format.qualifiedName().validate('/b').hasValue()
        format.dns1123Label().validate(lists.range(64).fold(i, s, '', s + 'a')).value().size() == 1
    """,
    "versions": """
        isSemver('1.2.3-rc.1+b') && !isSemver('v1.2.3') && !isSemver('1.2')
        isSemver('v1.2', true) && !isSemver('01.0.0')
        semver('1.2.3').major() == 1 && semver('1.2.3').minor() == 2 && semver('v1.02', true).patch() == 0
        semver('1.0.0-alpha').isLessThan(semver('1.0.0'))
        semver('1.0.0-2').isLessThan(semver('1.0.0-alpha'))
        semver('1.0.0-alpha.1').compareTo(semver('1.0.0-alpha')) == 1
        semver('1.10.0').isGreaterThan(semver('1.9.0'))
        semver('1.0.0+a') == semver('1.0.0+b')
    """,
}

ERRORS = {
    "'a'.charAt(2)": "index_out_of_bounds",
    "'a'.substring(2)": "index_out_of_bounds",
    "'abc'.substring(2, 1)": "index_out_of_bounds",
    "'a'.indexOf('a', 9)": "index_out_of_bounds",
    "'a'.lastIndexOf('a', -1)": "index_out_of_bounds",
    "'%d'.format(['a'])": "invalid_argument",
    "'%d'.format([])": "invalid_argument",
    "'%'.format([])": "invalid_argument",
    "'%.3s'.format(['a'])": "invalid_argument",
    "'%.9999f'.format([1.0])": "invalid_argument",
    "[dyn('a'), dyn(1)].join()": "no_such_overload",
    "lists.range(2000000)": "budget",
    "[1].slice(0, 2)": "index_out_of_bounds",
    "[1].slice(1, 0)": "index_out_of_bounds",
    "[1].flatten(-1)": "invalid_argument",
    "[dyn(1), dyn('a')].sort()": "no_such_overload",
    "[dyn({}), dyn({})].sort()": "no_such_overload",
    "[dyn([1]), dyn([1, 'a']), dyn([1, 2])].sort()": "no_such_overload",
    "[dyn(1)].slice(1, 1).min()": "invalid_argument",
    "[9223372036854775807, 1].sum()": "overflow",
    "[dyn('a'), dyn('b')].sum()": "no_such_overload",
    "math.abs(-9223372036854775808)": "overflow",
    "math.bitShiftLeft(1, -1)": "invalid_argument",
    "math.greatest(dyn('a'))": "no_such_overload",
    "math.least(dyn([]))": "invalid_argument",
    "9223372036854775807 + 1": "overflow",
    "-(-9223372036854775808)": "overflow",
    "-9223372036854775808 / -1": "overflow",
    "-9223372036854775808 % -1": "overflow",
    "0u - 1u": "overflow",
    "1 / 0": "divide_by_zero",
    "1u / 0u": "divide_by_zero",
    "1 % 0": "modulus_by_zero",
    "1u % 0u": "modulus_by_zero",
    "int(1e19)": "overflow",
    "uint(-1)": "overflow",
    "uint(dyn(-1.0))": "overflow",
    "int('1.5')": "invalid_argument",
    "int('9223372036854775808')": "overflow",
    "double('1_0')": "invalid_argument",
    "string(b'\\xff')": "invalid_argument",
    "bool('yes')": "invalid_argument",
    "base64.decode('!')": "invalid_argument",
    "timestamp('2023-02-29T00:00:00Z')": "invalid_argument",
    "timestamp('2024-01-01T24:00:00Z')": "invalid_argument",
    "timestamp('2024-01-01')": "invalid_argument",
    "timestamp('9999-12-31T23:59:59Z') + duration('1s')": "overflow",
    "timestamp('0001-01-01T00:00:00Z') - duration('1ns')": "overflow",
    "timestamp(0).getHours('Nowhere/City')": "invalid_argument",
    "timestamp('9999-12-31T23:59:59Z').getHours('+01:00')": "overflow",
    "duration('1')": "invalid_argument",
    "duration('1d')": "invalid_argument",
    "duration('10000000h')": "overflow",
    "optional.none().value()": "invalid_argument",
    "[dyn(1)].unwrapOpt()": "no_such_overload",
    "quantity('1.5.5')": "invalid_argument",
    "quantity('1.5').asInteger()": "invalid_argument",
    "ip('1.2.3.4.5')": "invalid_argument",
    "cidr('10.0.0.0')": "invalid_argument",
    "cidr('10.0.0.0/8').containsIP('x')": "invalid_argument",
    "ip.isCanonical('x')": "invalid_argument",
    "url('x')": "invalid_argument",
    "'a'.matches('(?=a)')": "invalid_argument",
    "'a'.matches('(')": "invalid_argument",
    "'a'.matches('a{2000}{2000}')": "invalid_argument",
    "regex.replace('a', 'a', '\\\\1')": "invalid_argument",
    "regex.extract('a', '(a)(b)?')": "invalid_argument",
    "semver('1.2')": "invalid_argument",
    "{'a': 1}.b": "no_such_key",
    "{'a': 1}['b']": "no_such_key",
    "{'a': 1}[dyn([])]": "no_such_overload",
    "[1][1]": "index_out_of_bounds",
    "[1][-1]": "index_out_of_bounds",
    "[1][dyn(0.5)]": "invalid_argument",
    "{1: 'a', 1u: 'b'}": "duplicate_key",
    "{dyn(1.5): 'a'}": "no_such_overload",
    "[1, 2].transformMapEntry(i, v, {'k': v})": "duplicate_key",
    "dyn(1).all(x, true)": "no_such_overload",
    "dyn('a') + 1": "no_such_overload",
    "!dyn(1)": "no_such_overload",
    "dyn(1) ? 1 : 2": "no_such_overload",
    "dyn(1) && true": "no_such_overload",
    "[dyn(1), dyn('a')].exists_one(x, x > 0)": "no_such_overload",
    "dyn({}).a.b": "no_such_key",
    "dyn(1).a": "no_such_overload",
    "has(dyn(1).a)": "no_such_overload",
    "[?dyn(1)]": "no_such_overload",
}


@pytest.mark.parametrize(
    "source", [line.strip() for text in TRUE.values() for line in text.splitlines() if line.strip()]
)
def test_the_library(source: str) -> None:
    assert value(source) is True


@pytest.mark.parametrize(("source", "code"), ERRORS.items())
def test_errors(source: str, code: str) -> None:
    assert value(source) == f"!{code}"
