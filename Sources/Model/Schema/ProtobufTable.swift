package import ObjectModel

/// What protobuf bodies look like: the messages of all kinds with the numbers of their fields, and how they differ from
/// the JSON form. Messages refer to each other by position. Immutable once made.
package struct ProtobufTable: Sendable {
    /// How often a field occurs and when it counts as set.
    enum Rule: String, Sendable {
        /// Always written by clients: an empty value means that the field is absent.
        case optional = "o"
        /// Written only when set: an empty value is a value.
        case pointer = "p"
        case repeated = "r"
        /// A map from strings to the field's type.
        case map = "m"
        /// A message whose fields are fields of its parent in JSON.
        case inlined = "i"
    }

    /// What one value of a field is.
    enum Kind: Sendable, Hashable {
        case string, boolean, int32, int64, bytes
        /// The message at a position of the table.
        case message(Int)
    }

    /// How a message looks in JSON.
    enum Form: String, Sendable {
        case object
        case time, microTime, quantity, intOrString
        /// Bytes that are JSON.
        case json
    }

    /// A field of a message.
    struct Field: Sendable {
        let number: Int
        /// The name in JSON.
        let name: String
        let rule: Rule
        let kind: Kind
    }

    /// A message.
    struct Message: Sendable {
        /// The name in messages: `ObjectMeta`.
        let name: String
        let form: Form
        /// In the order of their numbers.
        let fields: [Field]
        /// The position of a field by its number; -1 for none.
        private let positions: [Int]

        init(name: String, form: Form, fields: [Field]) {
            self.name = name
            self.form = form
            self.fields = fields
            var positions = [Int](repeating: -1, count: (fields.map(\.number).max() ?? 0) + 1)
            for (position, field) in fields.enumerated() { positions[field.number] = position }
            self.positions = positions
        }

        func position(ofNumber number: Int) -> Int? {
            positions.indices.contains(number) && positions[number] >= 0 ? positions[number] : nil
        }
    }

    let messages: [Message]
    private let roots: [GroupVersionKind: Int]

    /// Whether bodies of this kind can be decoded.
    package func knows(_ gvk: GroupVersionKind) -> Bool { roots[gvk] != nil }

    func root(_ gvk: GroupVersionKind) -> Int? { roots[gvk] }
}

extension ProtobufTable {
    /// Reads the catalogue's list of messages; `names` gives the type of each kind. Nil when an entry is malformed.
    init?(_ list: Value?, names: [GroupVersionKind: String]) {
        let entries = list?.array ?? []
        var positions: [String: Int] = [:]
        var messages: [Message] = []
        for entry in entries {
            guard let name = entry["n"]?.string, let form = Form(rawValue: entry["s"]?.string ?? "object") else {
                return nil
            }
            var fields: [Field] = []
            for item in entry["f"]?.array ?? [] {
                guard let field = Field(item, messages: entries.count) else { return nil }
                fields.append(field)
            }
            positions[name] = messages.count
            let shortName = name.split(separator: ".").last.map(String.init) ?? name
            messages.append(Message(name: shortName, form: form, fields: fields))
        }
        self.messages = messages
        roots = names.compactMapValues { positions[$0] }
    }
}

extension ProtobufTable.Field {
    /// The highest number of a field that a catalogue may have.
    private static let highestNumber = 1000
    private static let scalars: [String: ProtobufTable.Kind] = [
        "string": .string, "bool": .boolean, "int32": .int32, "int64": .int64, "bytes": .bytes,
    ]

    /// Reads `[number, name, rule, type]` of a table of so many messages.
    fileprivate init?(_ item: Value, messages: Int) {
        guard let parts = item.array, parts.count == 4, let number = parts[0].int,
            (1...Self.highestNumber).contains(number),
            let name = parts[1].string, let rule = ProtobufTable.Rule(rawValue: parts[2].string ?? "")
        else { return nil }
        self.number = number
        self.name = name
        self.rule = rule
        if let position = parts[3].int, (0..<messages).contains(position) {
            kind = .message(position)
        } else if let scalar = Self.scalars[parts[3].string ?? ""] {
            kind = scalar
        } else {
            return nil
        }
    }
}
