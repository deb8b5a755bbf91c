internal import ObjectModel
internal import ObjectStorage
internal import Schema

/// Which objects of a kind a request is about.
struct Selection: Sendable {
    private static let nameField = "metadata.name"
    private static let namespaceField = "metadata.namespace"

    private let labels: LabelSelector
    private let fields: FieldSelector
    /// The conditions that the key of an object answers.
    private let keyTerms: FieldSelector
    private let paths: [String: [String]]
    /// Fields whose absence reads as `false`.
    private let flags: Set<String>

    /// Reads selectors; `name` (of the legacy `/watch/…/NAME`) adds a condition. 400 for what cannot be selected by.
    init(labels: String, fields: String, kind: KindDefinition, name: String = "") throws(APIStatus) {
        self.labels = try LabelSelector.parse(labels)
        let parsed = try FieldSelector.parse(fields)
        for term in parsed.terms where ![Self.nameField, Self.namespaceField].contains(term.field) {
            guard kind.selectableFields[term.field] != nil else { throw Self.unknown(term.field, kind) }
        }
        var keyTerms = parsed.terms.filter { [Self.nameField, Self.namespaceField].contains($0.field) }
        if !name.isEmpty { keyTerms.append(FieldSelector.Term(field: Self.nameField, value: name)) }
        self.keyTerms = FieldSelector(terms: keyTerms)
        self.fields = FieldSelector(
            terms: parsed.terms.filter { ![Self.nameField, Self.namespaceField].contains($0.field) })
        paths = kind.selectableFields
        flags = Set(
            self.fields.terms.map(\.field).filter { field in
                kind.selectableFields[field].flatMap { kind.schema.node(at: $0) }?.form == .boolean
            })
    }

    /// Whether every object is selected.
    var isEverything: Bool { labels.requirements.isEmpty && fields.terms.isEmpty && keyTerms.terms.isEmpty }

    /// The one name that is selected; nil when several may be.
    var name: String? { keyTerms.requiredValue(of: Self.nameField) }

    /// Whether an object is selected. Its fields are looked at only when key and labels do not decide.
    func matches(_ stored: StoredObject) -> Bool {
        guard matchesKey(stored.key) else { return false }
        if !labels.requirements.isEmpty, !labels.matches(stored.object.labels) { return false }
        if fields.terms.isEmpty { return true }
        return fields.matches { field in
            paths[field].flatMap(stored.object.text) ?? (flags.contains(field) ? "false" : "")
        }
    }

    /// A condition that every selected object meets, by which the store finds objects and this watcher; nil when there is
    /// none. Of several the longest text: it is the rarest, mostly (a uid, a name, a kind).
    var condition: FieldCondition? {
        let terms = fields.terms.filter { !$0.negated && !$0.value.isEmpty && !flags.contains($0.field) }
        let term = terms.max { $0.value.utf8.count < $1.value.utf8.count }
        return term.flatMap { term in paths[term.field].map { FieldCondition(path: $0, value: term.value) } }
    }

    private func matchesKey(_ key: StoreKey) -> Bool {
        guard !keyTerms.terms.isEmpty else { return true }
        let parts = key.path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 5 else { return false }
        return keyTerms.matches { $0 == Self.nameField ? String(parts[4]) : String(parts[3]) }
    }

    private static func unknown(_ field: String, _ kind: KindDefinition) -> APIStatus {
        guard kind.selectableFields.isEmpty else { return .badRequest("field label not supported: \(field)") }
        return .badRequest(
            "\"\(field)\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"")
    }
}
