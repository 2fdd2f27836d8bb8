"""Pod Security: what the API server says of pods, and of namespaces, in its own words."""

from __future__ import annotations

from typing import Any

import pytest

from kspec.conform.cluster import decoded, rule

ENFORCE = "pod-security.kubernetes.io/enforce"
HARDENED = {
    "allowPrivilegeEscalation": False,
    "runAsNonRoot": True,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


def said(level: str, spec: dict[str, Any], version: str = "latest", **annotations: str) -> str:
    """What stands between `violates PodSecurity "…": ` and the end; "" if the pod is allowed."""
    spec = {"containers": containers(HARDENED), **spec}
    pod = decoded({"metadata": {"name": "p", "annotations": annotations}, "spec": spec}, "core.Pod")
    policy = rule("admission/securityPolicy")({ENFORCE: level, f"{ENFORCE}-version": version}, "enforce")
    found = rule("admission/securityViolations")(pod, policy["level"], policy["minor"])
    return rule("admission/securityMessage")(policy, found).split('": ', 1)[1]  # type: ignore[no-any-return]


def containers(*contexts: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"name": chr(97 + i), "securityContext": each} for i, each in enumerate(contexts)]


def port(number: int) -> dict[str, int]:
    return {"containerPort": 1, "hostPort": number}


def sysctl(name: str) -> dict[str, str]:
    return {"name": name, "value": "1"}


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"containers": containers(HARDENED)}, ""),
        ({"hostPID": True, "hostNetwork": True}, "host namespaces (hostNetwork=true, hostPID=true)"),
        (
            {"volumes": [{"name": "v", "hostPath": {"path": "/"}}, {"name": "w", "hostPath": {"path": "/"}}]},
            'hostPath volumes (volumes "v", "w")',
        ),
        (
            {"containers": containers({"privileged": True}, {"privileged": True})},
            'privileged (containers "a", "b" must not set securityContext.privileged=true)',
        ),
        (
            {"containers": [{"name": "a", "ports": [port(9), port(80), port(0)]}]},
            'hostPort (container "a" uses hostPorts 80, 9)',
        ),
        (
            {
                "securityContext": {"seLinuxOptions": {"type": "spc_t", "user": "u"}},
                "containers": containers({"seLinuxOptions": {"role": "r"}}, {"seLinuxOptions": {}}),
            },
            'seLinuxOptions (pod and container "a" set forbidden securityContext.seLinuxOptions: '
            'type "spc_t"; user may not be set; role may not be set)',
        ),
        (
            {"securityContext": {"seccompProfile": {"type": "Unconfined"}}},
            'seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")',
        ),
        (
            {"securityContext": {"sysctls": [sysctl("kernel.sem"), sysctl("net.ipv4.tcp_rmem")]}},
            "forbidden sysctls (kernel.sem)",
        ),
        (
            {"ephemeralContainers": [{"name": "e", "securityContext": {"capabilities": {"add": ["ALL"]}}}]},
            'non-default capabilities (container "e" must not include "ALL" '
            "in securityContext.capabilities.add)",
        ),
    ],
)
def test_baseline(spec: dict[str, Any], words: str) -> None:
    assert said("baseline", spec) == words


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"containers": containers(HARDENED)}, ""),
        (
            {"containers": containers({**HARDENED, "runAsUser": 0}, {**HARDENED, "runAsNonRoot": False})},
            'runAsNonRoot != true (container "b" must not set securityContext.runAsNonRoot=false), '
            'runAsUser=0 (container "a" must not set runAsUser=0)',
        ),
        (
            {
                "containers": containers(HARDENED),
                "volumes": [{"name": "v", "nfs": {"server": "s", "path": "/"}}, {"name": "w"}],
            },
            'restricted volume types (volume "v" uses restricted volume type "nfs")',
        ),
        (
            {"containers": containers({**HARDENED, "capabilities": {"add": ["NET_BIND_SERVICE", "KILL"]}})},
            'unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"]; '
            'container "a" must not include "KILL" in securityContext.capabilities.add)',
        ),
    ],
)
def test_restricted(spec: dict[str, Any], words: str) -> None:
    assert said("restricted", spec) == words


def test_pods_of_windows_and_in_user_namespaces_are_asked_less() -> None:
    bare = {"containers": [{"name": "a"}], "os": {"name": "windows"}}
    assert said("restricted", bare).startswith("runAsNonRoot != true")
    assert said("restricted", bare, "v1.24").startswith("allowPrivilegeEscalation != false")
    root = {"containers": containers({**HARDENED, "runAsUser": 0}), "hostUsers": False}
    assert said("restricted", root) == ""
    assert said("restricted", root, "v1.34").startswith("runAsUser=0")


def test_profiles_in_annotations() -> None:
    key = "container.apparmor.security.beta.kubernetes.io/a"
    words = said("baseline", {"containers": [{"name": "a"}]}, **{key: "unconfined"})
    assert words == (
        f'forbidden AppArmor profile (annotation must not set AppArmor profile type to "{key}="unconfined"")'
    )


@pytest.mark.parametrize(
    ("labels", "mode", "printed"),
    [
        ({}, "enforce", "privileged:latest"),
        ({ENFORCE: "baseline", f"{ENFORCE}-version": "v1.30"}, "enforce", "baseline:v1.30"),
        ({ENFORCE: "restrictd"}, "enforce", "restricted:latest"),
        ({ENFORCE: "baseline", f"{ENFORCE}-version": "1.30"}, "enforce", "baseline:latest"),
        ({"pod-security.kubernetes.io/warn": "restrictd"}, "warn", "privileged:latest"),
    ],
)
def test_what_labels_ask(labels: dict[str, str], mode: str, printed: str) -> None:
    assert rule("admission/securityPolicy")(labels, mode)["printed"] == printed
