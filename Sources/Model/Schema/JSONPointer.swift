internal import ObjectModel

/// A path into a document (RFC 6901). An index below zero counts from the end, as upstream's library has it.
struct JSONPointer: Sendable {
    /// The path as it was written.
    let text: String
    /// The path's parts, unescaped.
    let steps: [String]

    /// What is done at the path.
    enum Edit {
        case add(Value)
        case replace(Value)
        case remove
    }

    /// Reads a pointer; nil when it is neither empty nor begins with a slash.
    init?(_ text: String) {
        guard text.isEmpty || text.hasPrefix("/") else { return nil }
        self.text = text
        steps = text.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(Self.unescaped)
    }

    /// Whether this path leads below `other`.
    func isBelow(_ other: JSONPointer) -> Bool {
        steps.count > other.steps.count && steps.starts(with: other.steps)
    }

    /// The value at the path; nil when there is none.
    func value(in document: Value) -> Value? {
        var current = document
        for step in steps {
            switch current {
            case .object(let fields):
                guard let next = fields[step] else { return nil }
                current = next
            case .array(let items):
                guard let index = Self.index(step, count: items.count), index < items.count else { return nil }
                current = items[index]
            default: return nil
            }
        }
        return current
    }

    /// Changes the document at the path. A failed edit leaves the document unusable. `touched` grows by what had to be
    /// moved for it.
    func edit(_ document: inout Value, _ edit: Edit, touched: inout Int) throws(JSONPatchFailure) {
        guard !steps.isEmpty else {
            switch edit {
            case .add(let value), .replace(let value): document = value
            case .remove: throw .invalid("Unable to remove the whole document")
            }
            return
        }
        try apply(edit, to: &document, steps[...], &touched)
    }

    private func apply(
        _ edit: Edit, to value: inout Value, _ rest: ArraySlice<String>, _ touched: inout Int
    ) throws(JSONPatchFailure) {
        guard let step = rest.first else { return }
        switch value {
        case .object(var fields):
            value = .null  // gives up the shared storage, so that the write below happens in place
            if rest.count == 1 {
                if case .remove = edit { touched += fields.count }
                try Self.change(&fields, step, edit, self)
            } else {
                guard var child = fields[step] else { throw missing(edit) }
                fields[step] = .null
                try apply(edit, to: &child, rest.dropFirst(), &touched)
                fields[step] = child
            }
            value = .object(fields)
        case .array(var items):
            value = .null
            if rest.count == 1 {
                if step != "-" { touched += items.count }
                try Self.change(&items, step, edit, self)
            } else {
                guard let index = Self.index(step, count: items.count), index < items.count else { throw missing(edit) }
                try apply(edit, to: &items[index], rest.dropFirst(), &touched)
            }
            value = .array(items)
        default: throw missing(edit)
        }
    }

    private static func change(
        _ fields: inout Fields, _ key: String, _ edit: Edit, _ pointer: JSONPointer
    ) throws(JSONPatchFailure) {
        switch edit {
        case .add(let value): fields[key] = value
        case .replace(let value):
            guard fields[key] != nil else { throw pointer.missingKey(edit) }
            fields[key] = value
        case .remove:
            guard fields[key] != nil else { throw pointer.missingKey(edit) }
            fields[key] = nil
        }
    }

    private static func change(
        _ items: inout [Value], _ step: String, _ edit: Edit, _ pointer: JSONPointer
    ) throws(JSONPatchFailure) {
        if case .add(let value) = edit {
            if step == "-" {
                items.append(value)
                return
            }
            guard let index = index(step, count: items.count + 1), index <= items.count else {
                throw .invalid("add operation does not apply: \(pointer.text): Unable to access invalid index: \(step)")
            }
            items.insert(value, at: index)
            return
        }
        guard let index = index(step, count: items.count), index < items.count else {
            throw .invalid("Unable to access invalid index: \(step): invalid index referenced")
        }
        switch edit {
        case .replace(let value): items[index] = value
        case .remove: items.remove(at: index)
        case .add: return
        }
    }

    private func missing(_ edit: Edit) -> JSONPatchFailure {
        .invalid("\(Self.name(of: edit)) operation does not apply: doc is missing path: \"\(text)\": missing value")
    }

    private func missingKey(_ edit: Edit) -> JSONPatchFailure {
        .invalid("\(Self.name(of: edit)) operation does not apply: doc is missing key: \(text): missing value")
    }

    private static func name(of edit: Edit) -> String {
        switch edit {
        case .add: "add"
        case .replace: "replace"
        case .remove: "remove"
        }
    }

    private static func index(_ step: String, count: Int) -> Int? {
        guard let number = Int(step), step.utf8.count <= 10 else { return nil }
        let index = number < 0 ? count + number : number
        return index >= 0 ? index : nil
    }

    private static func unescaped(_ step: Substring) -> String {
        guard step.contains("~") else { return String(step) }
        var result = ""
        var escaped = false
        for character in step {
            if escaped {
                result += character == "1" ? "/" : character == "0" ? "~" : "~\(character)"
                escaped = false
            } else if character == "~" {
                escaped = true
            } else {
                result.append(character)
            }
        }
        return escaped ? result + "~" : result
    }
}
