package import APIProtocol
package import ObjectModel
package import Schema

/// Names the handler of a subresource: `exec` of `pods`.
package struct SubresourceKey: Sendable, Hashable {
    /// The resource.
    package let resource: GroupResource
    /// The subresource.
    package let name: String

    /// The subresource `name` of `resource`.
    package init(_ resource: GroupResource, _ name: String) {
        self.resource = resource
        self.name = name
    }
}

/// One authorized request for a subresource of an object.
package struct SubresourceCall: Sendable {
    /// The kind of the object.
    package let kind: KindDefinition
    /// The namespace; empty for objects of the cluster.
    package let namespace: String
    /// The name of the object.
    package let name: String
    /// The subresource asked for.
    package let subresource: Subresource
    /// The request as it came: method, query, headers.
    package let request: APIRequest
    /// Who asks.
    package let user: UserInfo
    /// Whether nothing is to be stored (`?dryRun=All`).
    package let dryRun: Bool
    /// Reads and writes objects as the verbs do.
    package let objects: ObjectAccess
    /// Time and randomness.
    package let environment: ServerEnvironment
    /// Where the body is read.
    let resourceCall: ResourceCall

    /// The body as an object of the subresource's kind, as bodies of stored kinds are read: 400 when a value is of a
    /// wrong type or the body of another kind; `fieldValidation` says what unknown fields are. `formerVersions` of the
    /// kind are read as well.
    package func decodeBody(formerVersions: [GroupVersion] = []) throws(APIStatus) -> Value {
        let options = request.method == .post ? "CreateOptions" : "UpdateOptions"
        return try resourceCall.decoder(
            of: subresource.responseKind ?? kind.gvk, formerVersions: formerVersions, options: options
        ).object(in: resourceCall.body)
    }
}

/// What a subresource does that is not writing a part of its object: binding, logs, exec, tokens.
package protocol SubresourceHandler: Sendable {
    /// The verb that is authorized instead of the method's own; nil keeps that.
    var requiredVerb: String? { get }
    /// Whether replies may go on for as long as the client wishes: such requests are not counted as in flight.
    var isLongRunning: Bool { get }
    /// Answers. A throw is the answer.
    func handle(_ call: SubresourceCall) async throws(APIStatus) -> APIResponse
}

extension SubresourceHandler {
    /// The method's own verb.
    package var requiredVerb: String? { nil }
    /// Replies end.
    package var isLongRunning: Bool { false }
}
