// The used parts of types from other projects.
import type { ObjectMeta, LabelSelector } from "kubernetes-types/meta/v1";

export interface ServiceMonitor {
  apiVersion: "monitoring.coreos.com/v1";
  kind: "ServiceMonitor";
  metadata: ObjectMeta;
  spec: {
    selector: LabelSelector;
    endpoints: {
      port: string;
      path: string;
      interval: string;
      authorization?: { type: string; credentials: { name: string; key: string } };
    }[];
  };
}

type Labels = { [name: string]: string };

export interface PrometheusRule {
  apiVersion: "monitoring.coreos.com/v1";
  kind: "PrometheusRule";
  metadata: ObjectMeta;
  spec: {
    groups: {
      name: string;
      rules: (
        | { record: string; expr: string }
        | { alert: string; expr: string; for?: string; labels: { severity: "warning" | "critical" }; annotations: { summary: string; description: string } }
      )[];
    }[];
  };
}

type Generator = { name: string; behavior?: "create" | "merge" | "replace"; literals?: string[]; envs?: string[] };

export interface Kustomization {
  apiVersion: "kustomize.config.k8s.io/v1beta1" | "kustomize.config.k8s.io/v1alpha1";
  kind: "Kustomization" | "Component";
  namespace?: string;
  nameSuffix?: string;
  resources?: string[];
  components?: string[];
  labels?: { pairs: Labels; includeSelectors?: boolean; includeTemplates?: boolean }[];
  images?: { name: string; newName?: string; newTag?: string }[];
  replicas?: { name: string; count: number }[];
  configMapGenerator?: Generator[];
  secretGenerator?: Generator[];
  patches?: ({ path: string; target?: Target } | { patch: string; target?: Target })[];
}

type Target = { kind?: string; name?: string; labelSelector?: string };

// A strategic merge patch: any part of an object; null removes.
export type Patch<T> = T extends (infer U)[]
  ? Patch<U>[]
  : T extends object
    ? { [K in keyof T]?: Patch<T[K]> | null } & { $patch?: "delete" | "replace" | "merge" }
    : T;
