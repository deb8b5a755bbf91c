#!/usr/bin/env python3
"""Writes the catalogue of builtin kinds: Sources/Model/CatalogData/catalog.json.

    Scripts/make-catalog.py DIRECTORY

DIRECTORY holds the reference facts (kubernetes-schema.json, defaults.json, discovery.json, fieldselectors.json,
immutable.json, columns.json, proto-fields.json, proto-inline.json). Which kinds are served is said in
Scripts/catalog-kinds.txt; everything they refer to comes along. Which fields are pointers in Go is said in
Scripts/proto-pointers.txt. Run it after a change of these, and commit the result.
"""
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TARGET = os.path.join(HERE, "..", "Sources", "Model", "CatalogData", "catalog.json")

# Go fields that are no pointers: 0 there means absent.
EMPTY_IS_ABSENT = {"core.v1.Probe": {"timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"}}
# Go strings that are pointers: "" there is a value of its own.
POINTER_STRINGS = {
    "core.v1.GRPCAction.service", "core.v1.HostPathVolumeSource.type", "discovery.v1.EndpointPort.name",
    "apps/v1/StatefulSet.spec.volumeClaimTemplates.*.spec.volumeMode",
    "core.v1.PersistentVolumeClaimSpec.volumeMode", "discovery.v1.EndpointPort.protocol",
    "core.v1.AzureDiskVolumeSource.cachingMode", "core.v1.AzureDiskVolumeSource.fsType",
    "core.v1.AzureDiskVolumeSource.kind", "storage.k8s.io/v1/StorageClass.reclaimPolicy",
    "storage.k8s.io/v1/StorageClass.volumeBindingMode", "discovery.k8s.io/v1/EndpointSlice.ports.*.name",
    "discovery.k8s.io/v1/EndpointSlice.ports.*.protocol", "v1/PersistentVolume.spec.volumeMode",
    "v1/PersistentVolumeClaim.spec.volumeMode",
}
# Field selectors whose label is not the path of the field.
FIELD_PATHS = {("v1/Event", "source"): "source.component"}
# Kinds whose DELETE answers with the object (api-surface.md, section 4).
RETURNS_DELETED = {
    "v1/Pod", "v1/Service", "v1/Namespace", "v1/PersistentVolumeClaim", "v1/PersistentVolume", "v1/ServiceAccount",
    "v1/PodTemplate", "v1/ResourceQuota", "storage.k8s.io/v1/StorageClass", "storage.k8s.io/v1/CSIDriver",
    "storage.k8s.io/v1/CSINode", "storage.k8s.io/v1/VolumeAttachment", "storage.k8s.io/v1/VolumeAttributesClass",
}
# Bodies that only replies have: no client sends them.
REPLIES = {"v1/Status", "v1/APIResourceList"}
# Messages that are no JSON objects.
SCALAR_MESSAGES = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": "quantity",
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "intOrString",
    "io.k8s.apimachinery.pkg.apis.meta.v1.Time": "time",
    "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime": "microTime",
    "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1": "json",
    "io.k8s.apimachinery.pkg.runtime.RawExtension": "json",
}
PROTO_SCALARS = {"string", "bool", "int32", "int64", "bytes"}
# The facts that are published or acted on; notes for people stay out.
KEPT = {
    "type", "format", "$ref", "items", "additionalProperties", "properties", "required", "enum", "emit", "default",
    "gvk", "x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-map-type",
    "x-kubernetes-patch-strategy", "x-kubernetes-patch-merge-key", "x-kubernetes-unions",
}


def read(directory, name):
    with open(os.path.join(directory, name), encoding="utf-8") as file:
        return json.load(file)


def served_kinds():
    with open(os.path.join(HERE, "catalog-kinds.txt"), encoding="utf-8") as file:
        lines = [line.split("#")[0].strip() for line in file]
    kinds, bodies, target = [], [], None
    for line in filter(None, lines):
        if line.endswith(":"):
            target = {"kinds:": kinds, "bodies:": bodies}[line]
        else:
            target.append(line)
    return kinds, bodies


def gvk_text(triple):
    group, version, kind = triple
    return f"{group}/{version}/{kind}" if group else f"{version}/{kind}"


def slim(schema, served, bodies):
    if not isinstance(schema, dict):
        return schema
    result = {}
    for key, value in schema.items():
        if key not in KEPT:
            continue
        if key == "properties":
            value = {name: slim(child, served, bodies) for name, child in value.items()}
        elif key in ("items", "additionalProperties"):
            value = slim(value, served, bodies)
        elif key == "gvk":
            # Options kinds are listed for every group; only the groups served matter.
            value = [entry for entry in value if entry[:2] in served or gvk_text(entry) in bodies]
        result[key] = value
    return result


def references(schema):
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"]
        for value in schema.values():
            yield from references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from references(value)


def reachable(definitions, roots):
    found, waiting = set(), list(roots)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        if name not in definitions:
            sys.exit(f"make-catalog: no definition {name}")
        found.add(name)
        waiting.extend(references(definitions[name]))
    return found


def default_entries(owner, facts):
    """Constant defaults as [path, value, empty counts as absent(, condition path, condition value, needs parent)].

    A condition value of null means that the field at the condition's path is absent.
    """
    first, entries = [], []
    for path, value in facts.items():
        steps = path.replace("[*]", ".*")
        if path == "same-as" or "[" in steps:
            continue
        if not isinstance(value, dict) or not {"rule", "value"} & set(value):
            entries.append([steps, value, counts_as_absent(owner, path, steps, value)])
            continue
        if value.get("rule", "").startswith("{} only when type was empty"):
            first.append([steps, {}, False, steps.rsplit(".", 1)[0] + ".type", None, False])
            continue
        when = value.get("when", "")
        if "rule" in value or not when.startswith("type=") or "gate" in when:
            continue
        kind, _, more = when.removeprefix("type=").partition(" and ")
        if more and not more.endswith(" present"):
            continue
        condition = steps.rsplit(".", 2)[0] + ".type"
        entries.append([steps, value["value"], False, condition, kind, bool(more)])
    return first + entries


def counts_as_absent(owner, path, steps, value):
    if isinstance(value, str):
        return f"{owner}.{steps}" not in POINTER_STRINGS
    return path in EMPTY_IS_ABSENT.get(owner, set())


def type_defaults(facts, names):
    result = {}
    for name in names:
        short = ".".join(name.split(".")[-3:])
        own = facts.get(short, {})
        if "same-as" in own:
            own = {**facts[own["same-as"]], **own}
        # Status of a nested object is set by its own kind only.
        entries = default_entries(short, {k: v for k, v in own.items() if not k.startswith("status.")})
        if entries:
            result[name] = entries
    return result


def matches(text, patterns):
    return any(p == text or p.endswith("*") and text.startswith(p[:-1]) for p in patterns)


def row(entry, group_version, facts):
    group, _, version = group_version.rpartition("/")
    text = f"{group_version}/{entry['k']}"
    result = {"gvk": [group, version, entry["k"]]}
    for key in ("n", "s", "ns", "v", "sh", "c"):
        if key in entry:
            result[key] = entry[key]
    if "sub" in entry:
        result["sub"] = [
            {"n": sub["n"], "v": sub["v"], "rk": fill(sub.get("rk"), group, version, entry["k"])}
            for sub in entry["sub"]]
    result["cols"] = [
        {key: column[key] for key in ("name", "type", "format", "priority") if column.get(key)}
        for column in facts["columns"]["kinds"].get(text, facts["columns"]["rules"]["default"])]
    fields = facts["fieldselectors"]["fieldSelectors"].get(text)
    if fields:
        result["fields"] = {label: FIELD_PATHS.get((text, label), label) for label in fields}
    strategy = facts["immutable"]["strategy"]
    rules = [name for name in ("createOnPut", "resourceVersionRequiredOnPut", "hasGeneration")
             if matches(text, strategy[name])]
    if text in RETURNS_DELETED:
        rules.append("returnsDeletedObject")
    if text in strategy["defaultPropagation"]["Orphan"]:
        rules.append("orphan")
    if rules:
        result["rules"] = rules
    return result


def fill(triple, group, version, kind):
    """Discovery leaves group and version empty where they are those of the parent."""
    if not triple or not triple[1]:
        return [group, version, triple[2] if triple else kind]
    return triple


def pointers():
    """The pointer fields by message."""
    with open(os.path.join(HERE, "proto-pointers.txt"), encoding="utf-8") as file:
        lines = [line.split("#")[0].partition(":") for line in file]
    return {name.strip(): set(fields.split()) for name, _, fields in lines if fields}


def proto_field(message, field, facts, differences, pointer):
    """A field as [number, name in JSON, rule, type]; the type is a scalar's name or a message's.

    Rules: o optional, p pointer, r repeated, m map from strings, i message whose fields are those of its parent.
    """
    number, rule, kind = facts
    if rule == "m":
        key, _, kind = kind.removeprefix("map<").removesuffix(">").partition(",")
        if key != "string":
            sys.exit(f"make-catalog: {message}.{field} is a map from {key}")
    elif field in differences["inline"].get(message, []):
        rule = "i"
    elif rule == "o" and field in pointer:
        rule = "p"
    return [number, differences["renamed"].get(message, {}).get(field, field), rule, kind]


def protobuf(fields, differences, roots):
    """The messages that the roots reach, with types that are messages told by position."""
    messages, waiting, pointer = {}, list(roots), pointers()
    while waiting:
        name = waiting.pop()
        if name in messages:
            continue
        if name in SCALAR_MESSAGES:
            messages[name] = {"n": name, "s": SCALAR_MESSAGES[name]}
            continue
        if name not in fields:
            sys.exit(f"make-catalog: no message {name}")
        own = [proto_field(name, field, facts, differences, pointer.get(name, ()))
               for field, facts in fields[name].items()]
        messages[name] = {"n": name, "f": sorted(own)}
        waiting.extend(kind for _, _, _, kind in own if kind not in PROTO_SCALARS)
    order = sorted(messages)
    positions = {name: position for position, name in enumerate(order)}
    for message in messages.values():
        for field in message.get("f", []):
            field[3] = positions.get(field[3], field[3])
    return [messages[name] for name in order]


def main(directory):
    facts = {name: read(directory, f"{name}.json") for name in
             ("defaults", "discovery", "fieldselectors", "immutable", "columns", "proto-fields", "proto-inline")}
    definitions = read(directory, "kubernetes-schema.json")["definitions"]
    kinds, bodies = served_kinds()
    by_gvk = {gvk_text(triple): name for name, schema in definitions.items() for triple in schema.get("gvk", [])}
    wanted = kinds + [kind + "List" for kind in kinds if kind + "List" in by_gvk] + bodies
    missing = [kind for kind in wanted if kind not in by_gvk]
    if missing:
        sys.exit(f"make-catalog: unknown kinds {missing}")
    names = sorted(reachable(definitions, {by_gvk[kind] for kind in wanted}))
    served = [list(text.rpartition("/")[0].rpartition("/")[::2]) for text in kinds]
    order = ["v1"] + [text for group in facts["discovery"]["order"] for text in facts["discovery"]["groups"]
                      if text.rpartition("/")[0] == group]
    order += [text for text in facts["discovery"]["groups"] if text not in order]
    rows = [row(entry, group_version, facts) for group_version in order
            for entry in facts["discovery"]["groups"][group_version]
            if f"{group_version}/{entry['k']}" in kinds]
    kind_defaults = {kind: default_entries(kind, own) for kind, own in facts["defaults"]["kinds"].items()
                     if kind in kinds + bodies}
    catalog = {
        "source": facts["defaults"]["source"],
        "kinds": rows,
        "kindDefaults": {kind: entries for kind, entries in kind_defaults.items() if entries},
        "typeDefaults": type_defaults(facts["defaults"]["types"], names),
        "types": {name: slim(definitions[name], served, bodies) for name in names},
        "protobuf": protobuf(facts["proto-fields"], facts["proto-inline"],
                             {by_gvk[kind] for kind in wanted if kind not in REPLIES}),
    }
    with open(TARGET, "w", encoding="utf-8") as file:
        json.dump(catalog, file, separators=(",", ":"), ensure_ascii=False)
        file.write("\n")
    print(f"{len(rows)} kinds, {len(names)} types, {os.path.getsize(TARGET)} bytes")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
