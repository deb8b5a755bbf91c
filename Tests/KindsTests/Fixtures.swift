import Kinds
import ObjectModel
import Schema
import Testing

/// The builtin kinds, read once, and shorthands.
enum Fixture {
    static let registry = try? BuiltinKinds.registry()
    static let now = Timestamp(seconds: 1_700_000_000)
    static let context = HookContext(now: now, makeUID: { "uid" })

    static func kind(_ resource: APIResource) throws -> KindDefinition {
        try #require(registry?.kind(resource.groupVersion, plural: resource.plural))
    }

    /// What the pipeline does before it judges a new object.
    static func defaulted(_ object: Value, _ kind: KindDefinition) -> Value {
        var object = object
        kind.schema.applyDefaults(to: &object)
        kind.hooks.setDefaults(&object)
        return object
    }

    static func createErrors(_ object: Value, _ resource: APIResource) throws -> [String] {
        let kind = try kind(resource)
        return kind.createErrors(defaulted(object, kind)).map(\.description)
    }

    static func updateErrors(
        _ new: Value, _ old: Value, _ resource: APIResource, subresource: String = ""
    ) throws -> [String] {
        let kind = try kind(resource)
        return kind.updateErrors(defaulted(new, kind), old: defaulted(old, kind), subresource: subresource)
            .map(\.description)
    }

    static func cell(_ column: String, of object: Value, _ resource: APIResource) throws -> Value {
        let column = try #require(kind(resource).columns.first { $0.name == column })
        return column.cell(object, now)
    }
}

func json(_ text: String) throws -> Value { try JSON.parse(text) }

extension Value {
    /// This object with the value at a dotted path changed; numbers in the path are indices of lists.
    func with(_ path: String, _ value: Value?) -> Value {
        with(path.split(separator: ".").map(String.init)[...], value)
    }

    private func with(_ path: ArraySlice<String>, _ value: Value?) -> Value {
        guard let first = path.first else { return value ?? .null }
        let rest = path.dropFirst()
        if let index = Int(first), var items = array {
            let new = (index < items.count ? items[index] : .emptyObject).with(rest, value)
            if index < items.count { items[index] = new } else { items.append(new) }
            return .array(items)
        }
        var copy = self
        copy[first] = rest.isEmpty ? value : (self[first] ?? .emptyObject).with(rest, value)
        return copy
    }

    static let podSpec: Value = ["containers": [["name": "app", "image": "nginx:1.27"]]]
    static let pod: Value = [
        "apiVersion": "v1", "kind": "Pod", "metadata": ["name": "web-0", "namespace": "default"], "spec": podSpec,
    ]
    static let set: Value = [
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": ["name": "web", "namespace": "default"],
        "spec": [
            "serviceName": "web", "selector": ["matchLabels": ["app": "web"]],
            "template": ["metadata": ["labels": ["app": "web"]], "spec": podSpec],
        ],
    ]
    static let service: Value = [
        "apiVersion": "v1", "kind": "Service", "metadata": ["name": "web", "namespace": "default"],
        "spec": ["selector": ["app": "web"], "ports": [["port": 80]]],
    ]
    static let claim: Value = [
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": ["name": "data", "namespace": "default"],
        "spec": ["accessModes": ["ReadWriteOnce"], "resources": ["requests": ["storage": "1Gi"]]],
    ]
    static let volume: Value = [
        "apiVersion": "v1", "kind": "PersistentVolume", "metadata": ["name": "pv"],
        "spec": [
            "capacity": ["storage": "1Gi"], "accessModes": ["ReadWriteOnce"], "hostPath": ["path": "/data"],
        ],
    ]
}
