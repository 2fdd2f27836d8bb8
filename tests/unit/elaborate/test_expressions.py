"""Expressions of the rule language: names, types, objects, references; and every mistake told once."""

from __future__ import annotations

import pytest
from support.expressions import elaborate, mistakes, table, typed

from kspec.elaborate.scope import FunctionSig
from kspec.ir import nodes as ir
from kspec.ir.check import check
from kspec.ir.evaluate import evaluate
from kspec.ir.print import show_expr
from kspec.ir.types import BOOL, DURATION, DYN, INT, QUANTITY, STRING, ListOf, MapOf, Record, Type, show
from kspec.runtime.values import Quantity

POD, DEPLOYMENT = Record("core.Pod"), Record("apps.Deployment")
VARIABLES: dict[str, Type] = {
    "pod": POD,
    "d": DEPLOYMENT,
    "node": Record("core.Node"),
    "cluster": Record("Cluster"),
    "n": INT,
    "any": DYN,
    "words": ListOf(STRING),
}


def sig(
    rule_id: str, params: dict[str, Type], result: Type, using: int = 0, **defaults: object
) -> FunctionSig:
    given = tuple(
        ir.Parameter(p, t, ir.Lit(defaults[p], t) if p in defaults else None) for p, t in params.items()
    )
    return FunctionSig(rule_id, rule_id.rpartition("/")[2], given, using, result)


FUNCTIONS = {
    "a.f": (sig("a/f", {"x": INT, "y": INT}, INT, y=5), sig("a/f#2", {"x": STRING}, STRING)),
    "a.g": (sig("a/g", {"p": POD, "cluster": Record("Cluster")}, BOOL, 1),),
    "b.f": (sig("b/f", {"x": INT}, BOOL),),
}


def shown(source: str, **options: object) -> tuple[str, str]:
    expr = typed(source, **{"variables": VARIABLES, "functions": FUNCTIONS, **options})  # type: ignore[arg-type]
    assert not check(expr, table(), VARIABLES)
    return show_expr(expr), show(expr.type)


def told(source: str, **options: object) -> list[tuple[str, str]]:
    return mistakes(source, **{"variables": VARIABLES, "functions": FUNCTIONS, **options})


@pytest.mark.parametrize(
    ("source", "text", "type_"),
    [
        ("pod.labels['app']", 'pod.metadata.labels["app"]', "string"),
        ("has(pod.annotations)", "has(pod.metadata.annotations)", "bool"),
        ("pod.spec.nodeName == null", "!has(pod.spec.nodeName)", "bool"),
        ("pod.spec != null", "has(pod.spec)", "bool"),
        ("n > 1 implies n > 0", "!(n > 1) || n > 0", "bool"),
        ("node.status.allocatable.cpu >= 2", 'node.status.allocatable.cpu >= quantity("2")', "bool"),
        ("250m + 1", 'quantity("250m") + quantity("1")', "quantity"),
        (
            "pod.metadata.creationTimestamp + 5min",
            'pod.metadata.creationTimestamp + duration("300s")',
            "timestamp",
        ),
        ("1..3", "lists.range(math.greatest(3 - 1 + 1, 0)).map(i, 1 + i)", "list(int)"),
        ("words.fold(w, all, [], all + [size(w)])", "words.fold(w, all, [], all + [size(w)])", "list(int)"),
        ("[].map(n, n)", "[].map(n_2, n_2)", "list(dyn)"),
        ("n == 1 ? [] : words", "n == 1 ? [] : words", "list(string)"),
        (
            "pod.spec.containers.map(c, c.ports).flatten()",
            "pod.spec.containers.map(c, c.ports).flatten()",
            "list(core.ContainerPort)",
        ),
        ("int", "int", "type"),
        ("{verb: 'get' n.x: 1}", '{"verb": "get", "n": {"x": 1}}', "map(string, dyn)"),
        ("words.map(d, d + '!')", 'words.map(d_2, d_2 + "!")', "list(string)"),
        ("any.a.b[0]", "any.a.b[0]", "dyn"),
    ],
)
def test_meaning(source: str, text: str, type_: str) -> None:
    assert shown(source) == (text, type_)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("deployment/shop/db", "[0]"),
        ("deployments/shop/db", "[0]"),
        ("deploy/shop/db", "[0]"),
        ("deployment/shop/db.spec.replicas", "[0].spec.replicas"),
        ("deployment/shop/db.spec.replicas / 2", "[0].spec.replicas / 2"),
        (
            "deployment/shop/db.spec.template.spec.containers[0].name",
            "[0].spec.template.spec.containers[0].name",
        ),
        ('deployment/shop/("d" + "b")', None),
        ("deployment/(pod.namespace)/(pod.name).spec.replicas", None),
    ],
)
def test_references(source: str, found: str | None) -> None:
    text, _ = shown(source)
    if found is not None:
        test = 'object.metadata.namespace == "shop" && object.metadata.name == "db"'
        assert text == f"cluster.deployments.filter(object, {test})" + found
    else:
        assert (
            text.startswith("cluster.deployments.filter(object, ") and "pod.metadata.name" in text
        ) or '"d" + "b"' in text


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("service/kube-system/kube-dns", "kube-dns"),
        ('service/shop/"redis.cart"', "redis.cart"),
        ("service/shop/web-1", "web-1"),
    ],
)
def test_names_in_references(source: str, name: str) -> None:
    namespace = source.split("/")[1]
    services = [{"metadata": {"namespace": namespace, "name": x}} for x in ("other", name)]
    found = evaluate(typed(source, variables=VARIABLES), {"cluster": {"services": services}})
    assert found == services[1]


def test_division_stays_division() -> None:
    assert shown("n / 2 / 3 - 1") == ("n / 2 / 3 - 1", "int")
    assert show_expr(typed("node/2", variables={"node": INT})) == "node / 2"


@pytest.mark.parametrize(
    ("source", "expected", "text"),
    [
        (
            "{ spec.replicas: 3  spec.template.spec.containers[web]: { image: 'a' "
            "resources.requests: { cpu: 250m memory: 1Gi } } }",
            DEPLOYMENT,
            "apps.Deployment{spec: apps.DeploymentSpec{replicas: 3, template: core.PodTemplateSpec{spec: "
            "core.PodSpec{containers: "
            '[core.Container{name: "web", image: "a", resources: core.ResourceRequirements{'
            'requests: {"cpu": quantity("250m"), '
            '"memory": quantity("1Gi")}}}]}}}}',
        ),
        (
            "{ spec.ports[80]: {targetPort: 'http'} }",
            Record("core.Service"),
            'core.Service{spec: core.ServiceSpec{ports: [core.ServicePort{port: 80, targetPort: "http"}]}}',
        ),
        (
            "{ spec { nodeName: 'a' } spec.hostname: 'b' }",
            POD,
            'core.Pod{spec: core.PodSpec{nodeName: "a", hostname: "b"}}',
        ),
        (
            "{ metadata.labels: { 'a/b': 'c', (pod.name): 'd' } }",
            POD,
            'core.Pod{metadata: meta.ObjectMeta{labels: {"a/b": "c", pod.metadata.name: "d"}}}',
        ),
        (
            "{ spec.hostname: n == 1 ? 'a' : null }",
            POD,
            'core.Pod{spec: core.PodSpec{hostname: n == 1 ? "a" : null}}',
        ),
        (
            "{ spec.podSelector: {} spec.ingress: [{}] }",
            Record("networking.NetworkPolicy"),
            "networking.NetworkPolicy{spec: networking.NetworkPolicySpec{podSelector: meta.LabelSelector{}, "
            "ingress: [networking.NetworkPolicyIngressRule{}]}}",
        ),
        ("{ cpu: 2 }", MapOf(STRING, QUANTITY), '{"cpu": quantity("2")}'),
        ("3", QUANTITY, 'quantity("3")'),
        ("any", INT, "@cast(any, int)"),
        ("[]", ListOf(INT), "[]"),
    ],
)
def test_values_of_expected_types(source: str, expected: Type, text: str) -> None:
    found, type_ = shown(source, expected=expected)
    assert (found, type_) == (text, show(expected))


@pytest.mark.parametrize(
    ("source", "code", "message"),
    [
        ("nobody", "KS2001", "unknown name `nobody`"),
        ("pod.sepc", "KS2002", "`core.Pod` has no field `sepc`"),
        ("pod.spec.nodeName.x", "KS2002", "a string has no field `x`"),
        ("has(pod.foo)", "KS2002", "`core.Pod` has no field `foo`"),
        ("pod.?foo", "KS2002", "`core.Pod` has no field `foo`"),
        ("1 + 'a'", "KS2003", "`+` is not defined for int and string"),
        ("n.startsWith('a')", "KS2003", "`startsWith` is not defined for int with (string)"),
        ("size(1)", "KS2003", "`size` is not defined for (int)"),
        ("pod.all(x, true)", "KS2003", "`core.Pod` cannot be looped over"),
        ("n == 1 ? 1 : 'a'", "KS2003", "the branches have different types: int and string"),
        ("words.sortBy(w, pod)", "KS2003", "values of type `core.Pod` have no order to sort by"),
        ("words.fold(w, x, 0, w)", "KS2003", "the accumulator starts as `int`, but the step yields `string`"),
        ("words.flatMap(w, w)", "KS2003", "flatMap wants a list for each element, this is `string`"),
        ("n.optMap(x, x)", "KS2003", "optMap wants an optional, this is `int`"),
        ("['a'].sum()", "KS2003", "`sum` is not defined for list(string) with ()"),
        ("f('a', 'b')", "KS2007", "unknown function `f`"),
        ("a.f(true)", "KS2003", "`a.f` is not defined for (bool)"),
        ("a.f(1, 2, 3)", "KS2004", "`a.f` takes 1 or 2 arguments, 3 given"),
        ("'a'.substring()", "KS2004", "`substring` takes 1 or 2 arguments, 0 given"),
        ("words.all(x)", "KS2004", "`all` is not used with 1 argument"),
        ("n && true", "KS2005", "a condition must be a bool, this is an int"),
        ("words.all(w, w)", "KS2005", "a condition must be a bool, this is a string"),
        ("!n", "KS2005", "a condition must be a bool, this is an int"),
        ("'a'.startWith('b')", "KS2007", "unknown method `startWith`"),
        ("words.all(x.y, true)", "KS2008", "the variable of a macro must be a plain name"),
        ("words.all(x, x, true)", "KS2008", "the variable `x` is there twice"),
        ("has(pod)", "KS2009", "has() wants a field, as in `has(pod.spec)`"),
        ("[1, ?2]", "KS2003", "`?` wants an optional, this is an int"),
        ("'a'.matches('(')", "KS2018", "`(` is not a regular expression: missing ): ("),
        ("quantity('1x') == 1", "KS2018", "`1x` is not a quantity such as `250m` or `16Gi`"),
        ("cidr('10.0.0.0') == cidr('::/0')", "KS2018", "`10.0.0.0` is not a CIDR range"),
        ("deployment/db", "KS2013", "a reference to a Deployment is written `deployment/NAMESPACE/NAME`"),
        ("secret/shop/db", "KS2014", "the cluster's type holds no list of Secret"),
    ],
)
def test_mistakes(source: str, code: str, message: str) -> None:
    assert told(source) == [(code, message)]


@pytest.mark.parametrize(
    ("source", "expected", "code", "message"),
    [
        ("250m", INT, "KS2006", "this is a quantity, but an int is wanted"),
        ("5m", DURATION, "KS2006", "this is a quantity, but a duration is wanted"),
        ("{ spec.replicas: 250m }", DEPLOYMENT, "KS2006", "this is a quantity, but an int is wanted"),
        ("{ metadata.labels: { app: 1 } }", POD, "KS2006", "this is an int, but a string is wanted"),
        ("{ spec.foo: 1 }", POD, "KS2002", "`core.PodSpec` has no field `foo`"),
        ("{ spec.hostname: 'a' spec.hostname: 'b' }", POD, "KS2011", "`spec.hostname` is given twice"),
        (
            "{ spec: pod.spec spec.hostname: 'b' }",
            POD,
            "KS2011",
            "this path goes into a value that is given as a whole",
        ),
        ("{ spec[a]: {} }", POD, "KS2012", "`core.PodSpec` is no list, it has no element `[a]`"),
        (
            "{ spec.containers { name: 'a' } }",
            POD,
            "KS2006",
            "`containers` is a list, it has no field `name`",
        ),
        ("{ spec.containers[a]: 1 }", POD, "KS2006", "the element of a list-map is an object"),
        (
            "{ spec.containers[a]: { command[x]: {} } }",
            POD,
            "KS2012",
            "the elements of `command` have no key to name them by",
        ),
        ("{ (pod.name): 1 }", POD, "KS2016", "a computed key is for maps; the fields of a type have names"),
        ("{ a: 1 }", INT, "KS2006", "this is an object, but `int` is wanted"),
        ("words", ListOf(INT), "KS2006", "this is a list(string), but a list(int) is wanted"),
    ],
)
def test_mistakes_where_a_type_is_expected(source: str, expected: Type, code: str, message: str) -> None:
    assert told(source, expected=expected) == [(code, message)]


def test_all_mistakes_are_told_each_once() -> None:
    source = "pod.sepc.x.y + 1 == nobody && words.exists(w, w.foo == 1 / 'a')"
    assert [code for code, _ in told(source)] == ["KS2002", "KS2001", "KS2002", "KS2003"]


def test_advice() -> None:
    def advice(source: str, expected: Type | None = None) -> str:
        return elaborate(source, variables=VARIABLES, expected=expected)[1][0].help

    assert advice("pod.spec.nodName") == "did you mean `nodeName` or `hostname`?"
    assert advice("pood") == "did you mean `pod`?"
    assert advice("'a'.startWith('b')") == "did you mean `startsWith`?"
    assert advice("5m", DURATION) == "write minutes as `5min`"
    assert "plain number" in advice("250m", INT)
    assert advice("1 + 'a'").startswith("it exists as `int + int`, `uint + uint`")
    assert advice("['a'].sum()").startswith("it exists as `list(int).sum()`")


def test_places() -> None:
    _, (mistake,) = elaborate("pod.spec.nodName == ''", variables=VARIABLES)
    assert mistake.span is not None and mistake.span.text == "nodName"


def test_functions_of_rules() -> None:
    def call(source: str, container: str = "") -> ir.Expr:
        return typed(source, variables=VARIABLES, functions=FUNCTIONS, container=container)

    one, five = ir.Lit(1, INT), ir.Lit(5, INT)
    assert call("a.f(1)") == call("f(1)", "a") == ir.Apply("a/f", (one, five), INT)
    assert call("f(1)", "b") == ir.Apply("b/f", (one,), BOOL)
    assert call("a.f('x')") == ir.Apply("a/f#2", (ir.Lit("x", STRING),), STRING)
    assert call("a.g(pod)") == ir.Apply(
        "a/g", (ir.Var("pod", POD), ir.Var("cluster", Record("Cluster"))), BOOL
    )
    assert call("a.g({spec.hostname: 'x'})").type == BOOL
    assert show_expr(call("b.f(any)")) == "b.f(@cast(any, int))"


def test_using_parameters_must_be_in_scope() -> None:
    assert mistakes("a.g(pod)", variables={"pod": POD}, functions=FUNCTIONS) == [
        ("KS2017", "`a.g` uses `cluster: Cluster`, and no such variable is in scope")
    ]
    assert mistakes("deployment/shop/db", variables={}) == [
        ("KS2017", "a reference to a Deployment needs `cluster`, which is not in scope here")
    ]


def test_loop_variables_hide_no_other() -> None:
    inner = typed("words.all(pod, words.all(pod, pod == 'a'))", variables=VARIABLES)
    assert show_expr(inner) == 'words.all(pod_2, words.all(pod_3, pod_3 == "a"))'
    assert evaluate(inner, {"words": ["a"], "pod": {}}) is True


def test_formulas_belong_to_properties() -> None:
    expr, problems = elaborate("n > 0", variables=VARIABLES)
    assert expr.type == BOOL and not problems


def test_optional_selection_of_records() -> None:
    expr = typed("pod.?spec.nodeName.orValue('none')", variables=VARIABLES)
    assert [evaluate(expr, {"pod": p}) for p in ({}, {"spec": {}}, {"spec": {"nodeName": "a"}})] == [
        "none",
        "",
        "a",
    ]
    there = typed("has(pod.?spec.nodeName)", variables=VARIABLES)
    assert [evaluate(there, {"pod": p}) for p in ({}, {"spec": {}}, {"spec": {"nodeName": "a"}})] == [
        False,
        False,
        True,
    ]


def test_quantities_compare_with_numbers() -> None:
    expr = typed("node.status.allocatable.cpu < 2", variables=VARIABLES)
    assert evaluate(expr, {"node": {"status": {"allocatable": {"cpu": Quantity(1_500_000_000)}}}}) is True
