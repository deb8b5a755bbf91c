package import ObjectModel

/// What discovery answers, made from the kinds that are served: a pure function of the registry.
package struct DiscoveryDocuments: Sendable {
    /// The version of the aggregated form; they differ in nothing else.
    package enum AggregatedVersion: String, Sendable { case v2, v2beta1 }

    private let registry: KindRegistry

    /// The documents of these kinds.
    package init(_ registry: KindRegistry) { self.registry = registry }

    /// `/api`: the versions of the core group. `serverAddress` is `host:port`.
    package func coreVersions(serverAddress: String) -> Value {
        let versions = registry.groupVersions.filter(\.group.isEmpty).map { Value.string($0.version) }
        return [
            "kind": "APIVersions", "versions": .array(versions),
            "serverAddressByClientCIDRs": [["clientCIDR": "0.0.0.0/0", "serverAddress": .string(serverAddress)]],
        ]
    }

    /// `/apis`: the groups and their versions.
    package var groups: Value {
        ["kind": "APIGroupList", "apiVersion": "v1", "groups": .array(namedGroups.map(summary(of:)))]
    }

    /// `/apis/GROUP`; nil when no kind of it is served.
    package func group(_ name: String) -> Value? {
        guard namedGroups.contains(name) else { return nil }
        var group: Value = ["kind": "APIGroup", "apiVersion": "v1"]
        for field in summary(of: name).fields ?? Fields() { group[field.key] = field.value }
        return group
    }

    /// `/api/VERSION` and `/apis/GROUP/VERSION`; nil when no kind of it is served.
    package func resources(_ groupVersion: GroupVersion) -> Value? {
        let kinds = registry.kinds.filter { $0.gvk.groupVersion == groupVersion }
        guard !kinds.isEmpty else { return nil }
        return [
            "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": .string(groupVersion.apiVersion),
            "resources": .array(kinds.flatMap { [Self.resource($0)] + Self.subresources($0) }),
        ]
    }

    /// The aggregated form of `/api`.
    package func aggregatedCore(_ version: AggregatedVersion) -> Value {
        aggregated(version, groups: registry.groupVersions.contains(where: \.group.isEmpty) ? [""] : [])
    }

    /// The aggregated form of `/apis`.
    package func aggregatedGroups(_ version: AggregatedVersion) -> Value {
        aggregated(version, groups: namedGroups)
    }

    /// The media type of an aggregated reply.
    package static func aggregatedMediaType(_ version: AggregatedVersion) -> String {
        "application/json;g=apidiscovery.k8s.io;v=\(version.rawValue);as=APIGroupDiscoveryList"
    }

    private var namedGroups: [String] {
        var seen = Set<String>()
        return registry.groupVersions.map(\.group).filter { !$0.isEmpty && seen.insert($0).inserted }
    }

    private func versions(of group: String) -> [GroupVersion] { registry.groupVersions.filter { $0.group == group } }

    private func summary(of group: String) -> Value {
        let versions = versions(of: group).map { version -> Value in
            ["groupVersion": .string(version.apiVersion), "version": .string(version.version)]
        }
        return [
            "name": .string(group), "versions": .array(versions), "preferredVersion": versions.first ?? .emptyObject,
        ]
    }

    private static func resource(_ kind: KindDefinition) -> Value {
        var resource: Value = [
            "name": .string(kind.names.plural), "singularName": .string(kind.names.singular),
            "namespaced": .bool(kind.isNamespaced), "kind": .string(kind.gvk.kind), "verbs": .strings(kind.verbs),
        ]
        if !kind.names.shortNames.isEmpty { resource["shortNames"] = .strings(kind.names.shortNames) }
        if !kind.names.categories.isEmpty { resource["categories"] = .strings(kind.names.categories) }
        return resource
    }

    private static func subresources(_ kind: KindDefinition) -> [Value] {
        kind.subresources.map { subresource in
            let body = subresource.responseKind ?? kind.gvk
            var resource: Value = [
                "name": .string("\(kind.names.plural)/\(subresource.name)"), "singularName": "",
                "namespaced": .bool(kind.isNamespaced),
            ]
            if body.groupVersion != kind.gvk.groupVersion {
                resource["group"] = .string(body.group)
                resource["version"] = .string(body.version)
            }
            resource["kind"] = .string(body.kind)
            resource["verbs"] = .strings(subresource.verbs)
            return resource
        }
    }

    private func aggregated(_ version: AggregatedVersion, groups: [String]) -> Value {
        let items = groups.map { group -> Value in
            let versions = versions(of: group).map { groupVersion -> Value in
                let kinds = registry.kinds.filter { $0.gvk.groupVersion == groupVersion }
                return [
                    "version": .string(groupVersion.version), "resources": .array(kinds.map(Self.aggregated(_:))),
                    "freshness": "Current",
                ]
            }
            let metadata: Value = group.isEmpty ? [:] : ["name": .string(group)]
            return ["metadata": metadata, "versions": .array(versions)]
        }
        return [
            "kind": "APIGroupDiscoveryList", "apiVersion": .string("apidiscovery.k8s.io/\(version.rawValue)"),
            "metadata": [:], "items": .array(items),
        ]
    }

    private static func aggregated(_ kind: KindDefinition) -> Value {
        var resource: Value = [
            "resource": .string(kind.names.plural), "responseKind": kind.gvk.reference,
            "scope": kind.isNamespaced ? "Namespaced" : "Cluster", "singularResource": .string(kind.names.singular),
            "verbs": .strings(kind.verbs),
        ]
        if !kind.names.shortNames.isEmpty { resource["shortNames"] = .strings(kind.names.shortNames) }
        if !kind.names.categories.isEmpty { resource["categories"] = .strings(kind.names.categories) }
        if !kind.subresources.isEmpty {
            resource["subresources"] = .array(
                kind.subresources.map {
                    [
                        "subresource": .string($0.name), "responseKind": ($0.responseKind ?? kind.gvk).reference,
                        "verbs": .strings($0.verbs),
                    ]
                })
        }
        return resource
    }
}

extension GroupVersionKind {
    /// `{group, version, kind}`.
    var reference: Value { ["group": .string(group), "version": .string(version), "kind": .string(kind)] }
}

extension Value {
    /// A list of strings.
    static func strings(_ texts: [String]) -> Value { .array(texts.map(Value.string)) }
}
