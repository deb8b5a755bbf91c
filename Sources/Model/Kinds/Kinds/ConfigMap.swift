internal import ObjectModel
internal import Schema

extension BuiltinKind {
    /// Settings by key.
    static let configMap = BuiltinKind(.configMaps, cells: ConfigMapKind.cells, hooks: ConfigMapKind.hooks)
}

/// The rules that ConfigMaps and Secrets share.
enum KeyedData {
    /// The bytes that all values together may have.
    static let maximumSize = 1024 * 1024

    /// With `immutable` set, neither it nor the data may change.
    static func changes(_ object: Value, _ old: Value, keys: [String]) -> [FieldError] {
        guard old.flag("immutable") else { return [] }
        let detail = "field is immutable when `immutable` is set"
        let loosened = object.flag("immutable") ? [] : [Rules.forbidden(FieldPath("immutable"), detail)]
        return loosened
            + keys.filter { !Rules.equal(object[$0], old[$0]) }.map { Rules.forbidden(FieldPath($0), detail) }
    }

    static func keys(_ map: Value?, _ path: FieldPath) -> [FieldError] {
        (map?.fields ?? Fields()).flatMap { Rules.configKey($0.key, path.key($0.key)) }
    }

    /// The bytes that base64 text stands for.
    static func decodedSize(_ text: String) -> Int {
        text.utf8.count / 4 * 3 - (text.hasSuffix("==") ? 2 : text.hasSuffix("=") ? 1 : 0)
    }
}

private enum ConfigMapKind {
    static let cells: [String: Cell] = [
        "Name": Cells.name,
        "Data": { object, _ in
            .integer(Int64((object["data"]?.fields?.count ?? 0) + (object["binaryData"]?.fields?.count ?? 0)))
        },
        "Age": Cells.age,
    ]

    static let hooks: KindHooks = {
        var hooks = KindHooks()
        hooks.validateCreate = { validate($0) }
        hooks.validateUpdate = { object, old, _ in
            KeyedData.changes(object, old, keys: ["data", "binaryData"]) + validate(object)
        }
        return hooks
    }()

    private static func validate(_ object: Value) -> [FieldError] {
        let data = object.map("data")
        let binary = object.map("binaryData")
        var errors = KeyedData.keys(object["data"], FieldPath("data"))
        for key in data.keys.sorted() where binary[key] != nil {
            errors.append(
                Rules.invalid(FieldPath("data").key(key), .string(key), "duplicate of key present in binaryData"))
        }
        errors += KeyedData.keys(object["binaryData"], FieldPath("binaryData"))
        let size =
            data.values.reduce(0) { $0 + $1.utf8.count } + binary.values.reduce(0) { $0 + KeyedData.decodedSize($1) }
        if size > KeyedData.maximumSize {
            errors.append(FieldError(.tooLong, "[]", nil, "may not be more than \(KeyedData.maximumSize) bytes"))
        }
        return errors
    }
}
