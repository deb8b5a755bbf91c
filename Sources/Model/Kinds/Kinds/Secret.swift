internal import ObjectModel
internal import Schema

extension BuiltinKind {
    /// Confidential values by key, as base64.
    static let secret = BuiltinKind(.secrets, cells: SecretKind.cells, hooks: SecretKind.hooks)
}

private enum SecretKind {
    static let cells: [String: Cell] = [
        "Name": Cells.name,
        "Type": Cells.text("type"),
        "Data": { object, _ in .integer(Int64(object["data"]?.fields?.count ?? 0)) },
        "Age": Cells.age,
    ]

    static let hooks: KindHooks = {
        var hooks = KindHooks()
        hooks.setDefaults = { object in
            // Writing texts is a convenience; they are stored as data and never shown.
            for field in object["stringData"]?.fields ?? Fields() {
                object["data", field.key] = .string(Base64.text(Array((field.value.string ?? "").utf8)))
            }
            object["stringData"] = nil
        }
        hooks.validateCreate = { validate($0) }
        hooks.validateUpdate = { object, old, _ in
            Rules.unchanged(object["type"], old["type"], FieldPath("type"))
                + KeyedData.changes(object, old, keys: ["data"]) + validate(object)
        }
        return hooks
    }()

    private static func validate(_ object: Value) -> [FieldError] {
        let path = FieldPath("data")
        let data = object.map("data")
        var errors = KeyedData.keys(object["data"], path)
        if data.values.reduce(0, { $0 + KeyedData.decodedSize($1) }) > KeyedData.maximumSize {
            errors.append(
                FieldError(.tooLong, "data", nil, "may not be more than \(KeyedData.maximumSize) bytes"))
        }
        func needs(_ keys: [String]) -> [FieldError] {
            keys.filter { data[$0] == nil }.map { Rules.required(path.key($0)) }
        }
        switch object.text("type") {
        case "kubernetes.io/service-account-token":
            let key = "kubernetes.io/service-account.name"
            if (object.annotations[key] ?? "").isEmpty {
                errors.append(Rules.required(FieldPath("metadata").child("annotations").key(key)))
            }
        case "kubernetes.io/dockercfg": errors += needs([".dockercfg"])
        case "kubernetes.io/dockerconfigjson": errors += needs([".dockerconfigjson"])
        case "kubernetes.io/basic-auth":
            let missing = needs(["username", "password"])
            if missing.count == 2 { errors += missing }
        case "kubernetes.io/ssh-auth":
            if (data["ssh-privatekey"] ?? "").isEmpty { errors.append(Rules.required(path.key("ssh-privatekey"))) }
        case "kubernetes.io/tls": errors += needs(["tls.crt", "tls.key"])
        default: break
        }
        return errors
    }
}
