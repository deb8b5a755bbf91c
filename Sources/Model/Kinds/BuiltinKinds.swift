internal import CatalogData
internal import ObjectModel
package import Schema

/// The kinds that Ordinal serves by itself. A new kind is one file and one line here.
package enum BuiltinKinds {
    static let all: [BuiltinKind] = [
        .namespace, .node, .pod, .service, .endpoints, .configMap, .secret, .serviceAccount, .event, .persistentVolume,
        .persistentVolumeClaim, .statefulSet, .deployment, .replicaSet, .controllerRevision, .endpointSlice,
        .storageClass, .lease,
    ]

    /// The catalogue that is embedded in the program. Reading it takes some milliseconds: read it once.
    package static func catalog() throws(Catalog.Malformed) -> Catalog {
        try Catalog(parsing: [UInt8](UnsafeBufferPointer(start: catalog_bytes(), count: Int(catalog_size()))))
    }

    /// The kinds, from their rows in the catalogue. Throws when a row is missing.
    package static func registry(_ catalog: Catalog) throws(Catalog.Malformed) -> KindRegistry {
        var kinds: [KindDefinition] = []
        for kind in all { kinds.append(try kind.definition(from: catalog)) }
        for former in FormerVersion.all {
            let today = kinds.first { $0.resource == former.resource.groupResource }
            if let today { kinds.append(former.definition(of: today)) }
        }
        return KindRegistry(kinds)
    }

    /// The kinds of the embedded catalogue.
    package static func registry() throws(Catalog.Malformed) -> KindRegistry { try registry(catalog()) }
}

/// What the catalogue's row of a kind leaves open.
struct BuiltinKind: Sendable {
    /// The kind.
    let resource: APIResource
    /// The rule of its names.
    let nameRule: KindRules.NameRule
    /// Whether a create may bring the status along.
    let keepsStatusOnCreate: Bool
    /// The subresources that are served; others of the catalogue are not listed.
    let subresources: Set<String>
    /// Paths of selectable fields whose label is no path.
    let fieldPaths: [String: [String]]
    /// The cells of its columns by their headers.
    let cells: [String: Cell]
    /// Its behaviour.
    let hooks: KindHooks

    init(
        _ resource: APIResource, nameRule: KindRules.NameRule = .subdomain, keepsStatusOnCreate: Bool = false,
        subresources: Set<String> = [], fieldPaths: [String: [String]] = [:], cells: [String: Cell],
        hooks: KindHooks = KindHooks()
    ) {
        self.resource = resource
        self.nameRule = nameRule
        self.keepsStatusOnCreate = keepsStatusOnCreate
        self.subresources = subresources
        self.fieldPaths = fieldPaths
        self.cells = cells
        self.hooks = hooks
    }

    func definition(from catalog: Catalog) throws(Catalog.Malformed) -> KindDefinition {
        let gvk = GroupVersionKind(resource.groupVersion, resource.kind)
        guard var definition = catalog.definition(gvk, cells: cells, hooks: hooks) else {
            throw Catalog.Malformed(description: "catalogue: \(gvk) is missing")
        }
        definition.subresources.removeAll { !subresources.contains($0.name) }
        definition.selectableFields.merge(fieldPaths) { $1 }
        definition.rules.nameRule = nameRule
        definition.rules.keepsStatusOnCreate = keepsStatusOnCreate
        return definition
    }
}
