package import APIProtocol
package import ObjectModel

/// A bug put in on purpose: what controllers and scheduler read or write is changed on its way, so that they behave as if
/// their code were wrong. The invariant it breaks must be found broken.
package struct Mutation: Sendable {
    /// The bug, in a few words.
    package let name: String
    /// The invariant that must find it.
    package let breaks: Invariant
    /// Changes an object of a resource that is read.
    package var read: @Sendable (_ plural: String, _ object: inout Value) -> Void = { _, _ in }
    /// Changes a request; nil swallows it, and its sender is told that it was done.
    package var request: @Sendable (APIRequest) -> APIRequest? = { $0 }

    /// Whether the server loses a piece of a watch.
    package var loses: @Sendable (_ piece: [UInt8]) -> Bool = { _ in false }

    /// A bug that breaks an invariant.
    package init(_ name: String, breaks: Invariant) {
        self.name = name
        self.breaks = breaks
    }

    func changed(_ response: APIResponse, to request: APIRequest) -> APIResponse {
        guard request.method == .get, response.code < 300, case .bytes(let bytes) = response.body,
            var value = try? JSON.parse(bytes)
        else { return response }
        let plural = Self.plural(request)
        if let items = value["items"]?.array {
            value["items"] = .array(items.map { changed($0, plural) })
        } else {
            value = changed(value, plural)
        }
        return .json(value, code: response.code)
    }

    func changed(watched piece: [UInt8], of request: APIRequest) -> [UInt8] {
        let plural = Self.plural(request)
        return piece.split(separator: 0x0A).flatMap { line -> [UInt8] in
            guard var event = try? JSON.parse(Array(line)), let object = event["object"],
                event["type"] != "BOOKMARK", event["type"] != "ERROR"
            else { return line + [0x0A] }
            event["object"] = changed(object, plural)
            return JSON.write(event) + [0x0A]
        }
    }

    private func changed(_ object: Value, _ plural: String) -> Value {
        var object = object
        read(plural, &object)
        return object
    }

    /// The resource of a request's path.
    package static func plural(_ request: APIRequest) -> String {
        var parts = request.path.split(separator: "/").map(String.init)
        parts.removeFirst(parts.first == "api" ? min(2, parts.count) : min(3, parts.count))
        if parts.first == "namespaces", parts.count > 2 { parts.removeFirst(2) }
        return parts.first ?? ""
    }
}
