internal import ObjectModel

/// The paths of one kind in an OpenAPI document.
struct OpenAPIOperations {
    let kind: KindDefinition
    /// Gives a reference to the type of a body.
    let schema: (GroupVersionKind) -> Value

    init(kind: KindDefinition, schema: @escaping (GroupVersionKind) -> Value) {
        self.kind = kind
        self.schema = schema
    }

    /// Every path of the kind and what may be done there.
    func paths() -> [(String, Value)] {
        let root = kind.gvk.groupVersion.rootPath
        let collection = kind.isNamespaced ? "\(root)/namespaces/{namespace}/\(kind.names.plural)" : collectionRoot
        var paths: [(String, Value)] = []
        if kind.isNamespaced, kind.verbs.contains("list") {
            paths.append((collectionRoot, path([("get", "list")], body: kind.gvk, inNamespace: false)))
        }
        let collected = operations(
            [
                ("list", "get", "list"), ("create", "post", "post"),
                ("deletecollection", "delete", "deletecollection"),
            ], verbs: kind.verbs)
        if !collected.isEmpty { paths.append((collection, path(collected, body: kind.gvk))) }
        let single = operations(Self.singleVerbs, verbs: kind.verbs)
        if !single.isEmpty { paths.append(("\(collection)/{name}", path(single, body: kind.gvk, named: true))) }
        for subresource in kind.subresources {
            let methods = operations(Self.singleVerbs + [("create", "post", "post")], verbs: subresource.verbs)
            guard !methods.isEmpty else { continue }
            let body = subresource.responseKind ?? kind.gvk
            paths.append(("\(collection)/{name}/\(subresource.name)", path(methods, body: body, named: true)))
        }
        return paths
    }

    private static let singleVerbs = [
        ("get", "get", "get"), ("update", "put", "put"), ("patch", "patch", "patch"), ("delete", "delete", "delete"),
    ]

    private var collectionRoot: String { "\(kind.gvk.groupVersion.rootPath)/\(kind.names.plural)" }

    private func operations(
        _ known: [(verb: String, method: String, action: String)], verbs: [String]
    ) -> [(method: String, action: String)] {
        known.filter { verbs.contains($0.verb) }.map { ($0.method, $0.action) }
    }

    private func path(
        _ operations: [(method: String, action: String)], body: GroupVersionKind, named: Bool = false,
        inNamespace: Bool = true
    ) -> Value {
        var path = Fields()
        for (method, action) in operations { path[method] = operation(action, body) }
        var parameters: [Value] = []
        if named { parameters.append(Self.pathParameter("name")) }
        if kind.isNamespaced, inNamespace { parameters.append(Self.pathParameter("namespace")) }
        parameters.append(Self.queryParameter("pretty", "string"))
        path["parameters"] = .array(parameters)
        return .object(path)
    }

    private func operation(_ action: String, _ body: GroupVersionKind) -> Value {
        let parameters = OpenAPIParameters.ofAction[action] ?? []
        var operation: Value = [
            "tags": [.string(tag)],
            "parameters": .array(parameters.map { Self.queryParameter($0.name, $0.type) }),
            "responses": responses(action, body),
            "x-kubernetes-action": .string(action), "x-kubernetes-group-version-kind": body.published,
        ]
        switch action {
        case "post", "put": operation["requestBody"] = Self.content(["*/*"], schema(body), isRequired: true)
        case "patch":
            operation["requestBody"] = Self.content(OpenAPIParameters.patchTypes, ["type": "object"], isRequired: true)
        case "delete", "deletecollection":
            let options = GroupVersionKind(group: "", version: "v1", kind: "DeleteOptions")
            operation["requestBody"] = Self.content(["*/*"], schema(options))
        default: break
        }
        return operation
    }

    private func responses(_ action: String, _ body: GroupVersionKind) -> Value {
        let status = GroupVersionKind(group: "", version: "v1", kind: "Status")
        let list = GroupVersionKind(body.groupVersion, body.kind + "List")
        let reply =
            switch action {
            case "list": schema(list)
            case "delete", "deletecollection": schema(status)
            default: schema(body)
            }
        var codes = ["200": "OK"]
        if action == "post" || action == "put" || action == "patch" { codes["201"] = "Created" }
        return .object(
            Fields(
                codes.sorted { $0.key < $1.key }.map { code, text in
                    var response = Self.content(["application/json"], reply)
                    response["description"] = .string(text)
                    return (code, response)
                }))
    }

    private var tag: String {
        let group = kind.gvk.group.isEmpty ? "core" : String(kind.gvk.group.split(separator: ".")[0])
        return "\(group)_\(kind.gvk.version)"
    }

    private static func content(_ types: [String], _ schema: Value, isRequired: Bool = false) -> Value {
        var content: Value = ["content": .object(Fields(types.map { ($0, ["schema": schema]) }))]
        if isRequired { content["required"] = true }
        return content
    }

    private static func pathParameter(_ name: String) -> Value {
        [
            "name": .string(name), "in": "path", "required": true,
            "schema": ["type": "string", "uniqueItems": true],
        ]
    }

    private static func queryParameter(_ name: String, _ type: String) -> Value {
        ["name": .string(name), "in": "query", "schema": ["type": .string(type), "uniqueItems": true]]
    }
}

/// The query parameters of each action.
enum OpenAPIParameters {
    /// The media types of patches.
    static let patchTypes = [
        "application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json",
    ]

    /// By action: the parameters and their types.
    static let ofAction: [String: [(name: String, type: String)]] = {
        let write = [("dryRun", "string"), ("fieldManager", "string"), ("fieldValidation", "string")]
        let select = [
            ("continue", "string"), ("fieldSelector", "string"), ("labelSelector", "string"), ("limit", "integer"),
            ("resourceVersion", "string"), ("resourceVersionMatch", "string"), ("sendInitialEvents", "boolean"),
            ("timeoutSeconds", "integer"),
        ]
        let delete = [
            ("dryRun", "string"), ("gracePeriodSeconds", "integer"), ("orphanDependents", "boolean"),
            ("propagationPolicy", "string"),
        ]
        return [
            "list": [("allowWatchBookmarks", "boolean")] + select + [("watch", "boolean")],
            "post": write, "put": write, "patch": write + [("force", "boolean")],
            "delete": delete, "deletecollection": select + delete,
        ]
    }()
}
