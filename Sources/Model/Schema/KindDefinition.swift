package import ObjectModel

/// One kind of object: what the generic path needs to serve it. A builtin kind is a row of the catalogue plus hooks;
/// a custom resource makes one at run time.
package struct KindDefinition: Sendable {
    /// Whether objects live in a namespace.
    package enum Scope: Sendable { case namespaced, cluster }

    /// What happens to dependents when a DELETE does not say.
    package enum Propagation: String, Sendable {
        case background = "Background"
        case foreground = "Foreground"
        case orphan = "Orphan"
    }

    /// Group, version and kind, as clients name it.
    package var gvk: GroupVersionKind
    /// The version that its objects have where they are stored; nil when it is this one.
    package var storedVersion: GroupVersion?
    /// Said with every reply to who uses this version; nil for versions that stay.
    package var deprecation: String?
    /// The names it is known by.
    package var names: KindNames
    /// Where its objects live.
    package var scope: Scope
    /// The verbs discovery lists.
    package var verbs: [String]
    /// Its subresources, in discovery's order.
    package var subresources: [Subresource]
    /// The structural schema: defaults, prunes, validates, merges and publishes.
    package var schema: ObjectSchema
    /// The columns of its Table.
    package var columns: [TableColumn]
    /// Field selectors beyond metadata.name and metadata.namespace: label → path in the object.
    package var selectableFields: [String: [String]]
    /// Rules of writing that differ from kind to kind.
    package var rules: KindRules
    /// Behaviour that data cannot express.
    package var hooks: KindHooks

    /// A kind.
    package init(
        gvk: GroupVersionKind, names: KindNames, scope: Scope, verbs: [String], subresources: [Subresource] = [],
        schema: ObjectSchema, columns: [TableColumn] = [], selectableFields: [String: [String]] = [:],
        rules: KindRules = KindRules(), hooks: KindHooks = KindHooks()
    ) {
        self.gvk = gvk
        self.names = names
        self.scope = scope
        self.verbs = verbs
        self.subresources = subresources
        self.schema = schema
        self.columns = columns
        self.selectableFields = selectableFields
        self.rules = rules
        self.hooks = hooks
    }

    /// The version that its objects have where they are stored.
    package var storedAPIVersion: String { (storedVersion ?? gvk.groupVersion).apiVersion }
    /// A stored object as this version shows it. Versions of a kind differ in their defaults only.
    package func shown(_ object: Value) -> Value {
        guard storedVersion != nil else { return object }
        var object = object
        object["apiVersion"] = .string(gvk.groupVersion.apiVersion)
        return object
    }

    /// The resource, as errors name it.
    package var resource: GroupResource { GroupResource(group: gvk.group, resource: names.plural) }
    /// Whether objects live in a namespace.
    package var isNamespaced: Bool { scope == .namespaced }
    /// The subresource `name`; nil when there is none.
    package func subresource(_ name: String) -> Subresource? { subresources.first { $0.name == name } }
}

/// The names of a kind.
package struct KindNames: Sendable, Hashable {
    /// The resource in paths: `statefulsets`.
    package var plural: String
    /// `statefulset`.
    package var singular: String
    /// `sts`.
    package var shortNames: [String]
    /// `all`.
    package var categories: [String]

    /// The names of a kind.
    package init(plural: String, singular: String, shortNames: [String] = [], categories: [String] = []) {
        self.plural = plural
        self.singular = singular
        self.shortNames = shortNames
        self.categories = categories
    }
}

/// A path below an object.
package struct Subresource: Sendable, Hashable {
    /// What the generic path does with it.
    package enum Behaviour: Sendable, Hashable {
        /// Writes `.status` only (and metadata that status writers own).
        case status
        /// autoscaling/v1 Scale over the paths given; `selector` is a label selector or nil.
        case scale(replicas: [String], statusReplicas: [String], selector: [String]?)
        /// A handler registered under (resource, name) answers.
        case custom
    }

    /// Its name in the path: `status`.
    package var name: String
    /// The kind of its request and reply bodies, when it is not the kind itself.
    package var responseKind: GroupVersionKind?
    /// The verbs discovery lists.
    package var verbs: [String]
    /// What the generic path does.
    package var behaviour: Behaviour

    /// A subresource.
    package init(name: String, responseKind: GroupVersionKind? = nil, verbs: [String], behaviour: Behaviour) {
        self.name = name
        self.responseKind = responseKind
        self.verbs = verbs
        self.behaviour = behaviour
    }
}

/// A column of a Table.
package struct TableColumn: Sendable {
    /// The header.
    package var name: String
    /// `string`, `integer`, `number`, `boolean` or `date`.
    package var type: String
    /// `name` for the name, else mostly empty.
    package var format: String
    /// For people.
    package var description: String
    /// 0 is always shown, more only with `-o wide`.
    package var priority: Int
    /// The cell for an object at a point in time (ages are relative to it).
    package var cell: @Sendable (Value, Timestamp) -> Value

    /// A column.
    package init(
        name: String, type: String, format: String = "", description: String = "", priority: Int = 0,
        cell: @escaping @Sendable (Value, Timestamp) -> Value
    ) {
        self.name = name
        self.type = type
        self.format = format
        self.description = description
        self.priority = priority
        self.cell = cell
    }
}

/// Rules of writing that differ from kind to kind.
package struct KindRules: Sendable, Hashable {
    /// PUT to a missing object creates it.
    package var createsOnPut = false
    /// PUT without a resourceVersion is 422.
    package var requiresRevisionOnPut = false
    /// metadata.generation counts changes of the spec.
    package var hasGeneration = false
    /// DELETE answers with the object, not with a Status, when it is gone at once.
    package var returnsDeletedObject = false
    /// A create may bring the status along; for other kinds with a status subresource it is dropped.
    package var keepsStatusOnCreate = false
    /// What happens to dependents when a DELETE does not say.
    package var defaultPropagation = KindDefinition.Propagation.background
    /// The rule that `metadata.name` keeps; nil when right, else what is wrong.
    package var nameRule = NameRule.subdomain

    /// Which names are allowed.
    package enum NameRule: Sendable, Hashable { case subdomain, label, serviceLabel, pathSegment }

    /// The usual rules.
    package init() {}
}

/// Behaviour of a kind that data cannot express: pure functions, run in the order of the pipeline.
///
/// `now` and every generated id come in through `HookContext`. Hooks see objects in the kind's own version.
package struct KindHooks: Sendable {
    /// Defaults of a former version that are not today's: before all others, on what comes from clients.
    package var setFormerDefaults: @Sendable (_ object: inout Value) -> Void = { _ in }
    /// Conditional defaults, after the schema's constant ones (upstream's `SetDefaults_*` and `SetObjectDefaults_*`).
    package var setDefaults: @Sendable (_ object: inout Value) -> Void = { _ in }
    /// What the registry's strategy does before a create (`PrepareForCreate`); status is already dropped.
    package var prepareForCreate: @Sendable (_ object: inout Value, _ context: HookContext) -> Void = { _, _ in }
    /// What the strategy does before an update of the main resource (`PrepareForUpdate`); status is already the old one.
    package var prepareForUpdate: @Sendable (_ object: inout Value, _ old: Value, _ context: HookContext) -> Void = {
        _, _, _ in
    }
    /// What the strategy of `status` does before an update; everything but status and metadata is already the old one.
    package var prepareForStatusUpdate: @Sendable (_ object: inout Value, _ old: Value) -> Void = { _, _ in }
    /// All broken rules of a new object, beyond the schema's and metadata's.
    package var validateCreate: @Sendable (_ object: Value) -> [FieldError] = { _ in [] }
    /// All broken rules of a change (immutable fields among them). `subresource` is empty for the main resource.
    package var validateUpdate: @Sendable (_ object: Value, _ old: Value, _ subresource: String) -> [FieldError] = {
        _, _, _ in []
    }
    /// Advice for `Warning` headers.
    package var warnings: @Sendable (_ object: Value) -> [String] = { _ in [] }
    /// The grace period of a DELETE in seconds: nil when the kind has no graceful deletion (gone at once).
    package var gracePeriod: @Sendable (_ object: Value, _ requested: Int?) -> Int? = { _, _ in nil }
    /// Changes an object whose deletion begins but is still pending (a Namespace becomes Terminating).
    package var prepareForDelete: @Sendable (_ object: inout Value, _ context: HookContext) -> Void = { _, _ in }
    /// Whether an object that is being deleted must stay, beyond metadata.finalizers (a Namespace with spec.finalizers).
    package var holdsRemoval: @Sendable (_ object: Value) -> Bool = { _ in false }

    /// No behaviour.
    package init() {}
}

/// What a hook may know of the request.
package struct HookContext: Sendable {
    /// The time of the request.
    package let now: Timestamp
    /// Makes a random v4 UUID.
    package let makeUID: @Sendable () -> String

    /// The circumstances of one request.
    package init(now: Timestamp, makeUID: @escaping @Sendable () -> String) {
        self.now = now
        self.makeUID = makeUID
    }
}

/// All kinds that are served, as a value that a change replaces as a whole.
package struct KindRegistry: Sendable {
    /// The kinds in discovery's order.
    package private(set) var kinds: [KindDefinition]
    private var byResource: [GroupVersion: [String: Int]] = [:]
    private var byKind: [GroupVersionKind: Int] = [:]

    /// A registry of these kinds; of two with one group, version and plural the later wins.
    package init(_ kinds: [KindDefinition]) {
        self.kinds = kinds
        for (position, kind) in kinds.enumerated() {
            byResource[kind.gvk.groupVersion, default: [:]][kind.names.plural] = position
            byKind[kind.gvk] = position
        }
    }

    /// The kind served under a plural name.
    package func kind(_ groupVersion: GroupVersion, plural: String) -> KindDefinition? {
        byResource[groupVersion]?[plural].map { kinds[$0] }
    }

    /// The kind by its own name.
    package func kind(_ gvk: GroupVersionKind) -> KindDefinition? { byKind[gvk].map { kinds[$0] } }

    /// Every resource that can be listed, once, in the version that is stored.
    package var listedResources: [APIResource] {
        kinds.filter { $0.verbs.contains("list") && $0.storedVersion == nil }.map { kind in
            APIResource(
                group: kind.gvk.group, version: kind.gvk.version, kind: kind.gvk.kind, plural: kind.names.plural,
                isNamespaced: kind.isNamespaced)
        }
    }

    /// The group versions served, in order of first appearance.
    package var groupVersions: [GroupVersion] {
        var seen = Set<GroupVersion>()
        return kinds.map(\.gvk.groupVersion).filter { seen.insert($0).inserted }
    }
}
