"""How long it takes to read 1,000 manifests, with positions, and to decode them against the API's types.

Run: PYTHONPATH=. python tests/bench/bench_load.py [repeats]. The collector is paused while loading, as it is
for a workspace.
"""

from __future__ import annotations

import gc
import sys
import time

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web-{n}
  namespace: team-{m}
  labels: {{app: web-{n}, tier: front, "app.kubernetes.io/part-of": shop}}
spec:
  replicas: {r}
  selector:
    matchLabels:
      app: web-{n}
  strategy:
    type: RollingUpdate
    rollingUpdate: {{maxSurge: 25%, maxUnavailable: 0}}
  template:
    metadata:
      labels:
        app: web-{n}
        tier: front
    spec:
      serviceAccountName: web
      containers:
        - name: web
          image: "registry.example/shop/web:{n}.4"
          args: ["--port", "8080", --verbose]
          env:
            - name: MODE
              value: production
            - name: SECRET
              valueFrom:
                secretKeyRef: {{name: web, key: token}}
          ports:
            - name: http
              containerPort: 8080
          resources:
            requests: {{cpu: 250m, memory: 256Mi}}
            limits:
              cpu: "1"
              memory: 512Mi
          readinessProbe:
            httpGet: {{path: /healthz, port: http}}
            periodSeconds: 5
        - name: sidecar
          image: registry.example/mesh/proxy:1.{n}
          securityContext:
            runAsNonRoot: true
            capabilities:
              drop: [ALL]
          volumeMounts:
            - name: certificates
              mountPath: /etc/certificates
              readOnly: yes
      volumes:
        - name: certificates
          secret:
            secretName: web-tls
            defaultMode: 0644
"""

SERVICE = """\
apiVersion: v1
kind: Service
metadata:
  name: web-{n}
  namespace: team-{m}
spec:
  selector:
    app: web-{n}
  ports:
    - name: http
      port: 80
      targetPort: http
"""

POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: web-{n}
  namespace: team-{m}
spec:
  podSelector:
    matchLabels: {{app: web-{n}}}
  policyTypes: [Ingress, Egress]
  ingress:
    - from:
        - namespaceSelector:
            matchExpressions:
              - {{key: team, operator: In, values: [a, b, c]}}
        - ipBlock:
            cidr: 10.0.0.0/8
            except:
              - 10.{r}.0.0/16
      ports:
        - port: 8080
          protocol: TCP
  egress:
    - to:
        - podSelector: {{}}
"""

ROLE = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: web-{n}
  namespace: team-{m}
rules:
  - apiGroups: [""]
    resources: ["pods", "pods/log"]
    verbs: ["get", "list", "watch"]
  - apiGroups: ["apps"]
    resources: ["deployments"]
    resourceNames: ["web-{n}"]
    verbs: ["patch"]
"""

BUDGET = """\
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: web-{n}
  namespace: team-{m}
spec:
  minAvailable: 50%
  selector:
    matchLabels:
      app: web-{n}
"""


def corpus(each: int = 200) -> str:
    """One stream of `each` Deployments, Services, NetworkPolicies, Roles and PodDisruptionBudgets."""
    kinds = (DEPLOYMENT, SERVICE, POLICY, ROLE, BUDGET)
    return "---\n".join(kind.format(n=n, m=n % 10, r=n % 7) for n in range(each) for kind in kinds)


def measure(each: int = 200, repeats: int = 3) -> dict[str, float]:
    """CPU seconds, the best of some repeats: to read, to decode, and to find a place in every document."""
    from kspec.resources.load import paused_collector
    from kspec.resources.objects import ObjectReader
    from kspec.resources.types import load_types
    from kspec.resources.yaml import load_yaml
    from kspec.source import SourceFile

    text, reader = corpus(each), ObjectReader(load_types())
    best: dict[str, float] = {}
    for _ in range(repeats):
        gc.collect()
        with paused_collector():
            start = time.process_time()
            documents, mistakes = load_yaml(SourceFile("bench.yaml", text))
            read = time.process_time()
            objects = [reader.read(d.value, d) for d in documents]
            decoded = time.process_time()
            places = [str(d.locate(("metadata", "name"))) for d in documents]
            located = time.process_time()
        assert not mistakes and not any(found for _, found in objects)
        assert len(documents) == len(set(places)) == 5 * each
        for name, seconds in (
            ("read", read - start),
            ("decode", decoded - read),
            ("places", located - decoded),
        ):
            best[name] = min(best.get(name, seconds), seconds)
    return best


def main(repeats: int) -> None:
    found = measure(repeats=repeats)
    for name, seconds in {**found, "together": sum(found.values())}.items():
        print(f"{name:10} {seconds * 1000:7.1f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
