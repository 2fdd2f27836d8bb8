"""How long it takes to read 1,000 manifests, with positions, and to decode them against the API's types.

Run: python tests/bench/bench_load.py [repeats]. The collector is frozen while loading, as the command line
does.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable

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


def main() -> None:
    from kspec.resources.objects import ObjectReader
    from kspec.resources.types import load_types
    from kspec.resources.yaml import load_yaml
    from kspec.source import SourceFile

    text = corpus()
    reader = ObjectReader(load_types())
    best: dict[str, float] = {}

    def timed(name: str, step: Callable[[], object]) -> object:
        start = time.process_time()
        result = step()
        best[name] = min(best.get(name, 1e9), time.process_time() - start)
        return result

    for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 3):
        gc.collect()
        gc.freeze()
        gc.disable()
        documents, mistakes = load_yaml(SourceFile("bench.yaml", text))
        timed("read", lambda: load_yaml(SourceFile("bench.yaml", text)))
        timed("decode", lambda: [reader.read(d.value, d) for d in documents])
        timed("places of all documents", lambda: [d.locate(("metadata", "name")) for d in documents])
        gc.enable()
        gc.unfreeze()
        if mistakes or len(documents) != 1000:
            sys.exit("the corpus did not load cleanly")
    for name, seconds in best.items():
        print(f"{name:24} {seconds * 1000:7.1f} ms")  # noqa: T201


if __name__ == "__main__":
    main()
