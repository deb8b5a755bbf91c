internal import APIProtocol
internal import ObjectModel

extension AuthorizationRequest {
    /// The question that a request asks. `requiredVerb` tells which subresources need another verb than the method's.
    init(
        user: UserInfo, request: APIRequest, target: RequestTarget, requiredVerb: (SubresourceKey) -> String?
    ) {
        switch target {
        case .path(let path):
            self.init(user: user, verb: request.method.rawValue.lowercased(), subject: .path(path))
        case .resource(let target):
            let resource = GroupResource(group: target.groupVersion.group, resource: target.resource)
            let verb =
                target.subresource.isEmpty ? nil : requiredVerb(SubresourceKey(resource, target.subresource))
            self.init(
                user: user, verb: verb ?? target.verb.rawValue,
                subject: .resource(
                    resource, version: target.groupVersion.version, subresource: target.subresource,
                    namespace: target.authorizedNamespace, name: target.name))
        }
    }

    /// 403 in upstream's words.
    func forbidden(_ reason: String) -> APIStatus {
        let suffix = reason.isEmpty ? "" : ": \(reason)"
        switch subject {
        case .path(let path):
            return APIStatus(
                code: 403, reason: .forbidden,
                message: "forbidden: User \"\(user.name)\" cannot \(verb) path \"\(path)\"\(suffix)",
                details: APIStatus.Details())
        case .resource(let resource, _, let subresource, let namespace, let name):
            let full = subresource.isEmpty ? resource.resource : "\(resource.resource)/\(subresource)"
            let scope = namespace.isEmpty ? "at the cluster scope" : "in the namespace \"\(namespace)\""
            return .forbidden(
                resource, name: name,
                "User \"\(user.name)\" cannot \(verb) resource \"\(full)\" in API group \"\(resource.group)\" "
                    + "\(scope)\(suffix)")
        }
    }
}
