internal import ObjectModel
internal import Schema

/// The rules of a Service.
enum ServiceRules {
    private static let path = FieldPath("spec")

    static func validate(_ service: Value) -> [FieldError] {
        let spec = service.child("spec")
        let ports = spec.items("ports")
        let isHeadless = isHeadless(spec)
        let type = spec.text("type")
        var errors: [FieldError] = []
        if ports.isEmpty, !isHeadless, type != "ExternalName" { errors.append(Rules.required(path.child("ports"))) }
        if isHeadless, ["LoadBalancer", "NodePort"].contains(type) {
            errors.append(
                Rules.invalid(
                    path.child("clusterIPs").index(0), "None", "may not be set to 'None' for \(type) services"))
        }
        if type == "ExternalName" { errors += externalName(spec) }
        errors += self.ports(ports, type: type)
        errors += MetadataValidation.labels(spec["selector"], path.child("selector"))
        errors += sessionAffinity(spec)
        if type != "ExternalName" { errors += addresses(spec) }
        errors += spec.texts("externalIPs").enumerated().flatMap {
            EndpointRules.address($1, path.child("externalIPs").index($0))
        }
        errors += Rules.choice(
            type, path.child("type"), of: ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"])
        return errors + typeDependent(spec, type: type)
    }

    private static func externalName(_ spec: Value) -> [FieldError] {
        var errors: [FieldError] = []
        for key in ["clusterIPs", "ipFamilies", "ipFamilyPolicy"] where !(spec[key]?.isEmpty ?? true) {
            errors.append(Rules.forbidden(path.child(key), "may not be set for ExternalName services"))
        }
        var name = spec.text("externalName")
        if name.hasSuffix(".") { name.removeLast() }
        let namePath = path.child("externalName")
        return errors + (name.isEmpty ? [Rules.required(namePath)] : Rules.subdomain(name, namePath))
    }

    private static func ports(_ ports: [Value], type: String) -> [FieldError] {
        var names: Set<String> = []
        var errors: [FieldError] = []
        for (index, port) in ports.enumerated() {
            errors += self.port(port, path.child("ports").index(index), needsName: ports.count > 1, names: &names)
        }
        var nodePorts: Set<String> = []
        var numbers: Set<String> = []
        for (index, port) in ports.enumerated() {
            let itemPath = path.child("ports").index(index)
            let transport = port.text("protocol")
            if let number = port.number("nodePort"), number != 0 {
                if type == "ClusterIP" {
                    errors.append(
                        Rules.forbidden(itemPath.child("nodePort"), "may not be used when `type` is 'ClusterIP'"))
                }
                if !nodePorts.insert("\(transport)/\(number)").inserted {
                    errors.append(Rules.duplicate(itemPath.child("nodePort"), .integer(Int64(number))))
                }
            }
            if !numbers.insert("\(transport)/\(port.number("port") ?? 0)").inserted {
                errors.append(
                    Rules.duplicate(itemPath, ["port": port.child("port"), "protocol": port.child("protocol")]))
            }
        }
        return errors
    }

    private static func port(
        _ port: Value, _ path: FieldPath, needsName: Bool, names: inout Set<String>
    ) -> [FieldError] {
        var errors: [FieldError] = []
        let name = port.text("name")
        if name.isEmpty {
            if needsName { errors.append(Rules.required(path.child("name"))) }
        } else {
            errors += Rules.label(name, path.child("name"))
            if !names.insert(name).inserted { errors.append(Rules.duplicate(path.child("name"), .string(name))) }
        }
        errors += Rules.portNumber(port.number("port") ?? 0, path.child("port"))
        errors += Rules.choice(port.text("protocol"), path.child("protocol"), of: Rules.transports)
        errors += Rules.port(port["targetPort"], path.child("targetPort"))
        if let appProtocol = port["appProtocol"]?.string {
            errors += Rules.qualifiedName(appProtocol, path.child("appProtocol"))
        }
        return errors
    }

    private static func sessionAffinity(_ spec: Value) -> [FieldError] {
        let affinity = spec.text("sessionAffinity")
        let configPath = path.child("sessionAffinityConfig")
        var errors = Rules.choice(affinity, path.child("sessionAffinity"), of: ["ClientIP", "None"])
        if affinity == "ClientIP" {
            let timeout = spec.child("sessionAffinityConfig").child("clientIP").number("timeoutSeconds")
            let timeoutPath = configPath.child("clientIP").child("timeoutSeconds")
            guard let timeout else {
                return errors + [Rules.required(timeoutPath, "when session affinity type is ClientIP")]
            }
            if !(1...86400).contains(timeout) {
                errors.append(
                    Rules.invalid(
                        timeoutPath, .integer(Int64(timeout)), "must be greater than 0 and less than 86400"))
            }
        } else if affinity == "None", spec.object("sessionAffinityConfig") != nil {
            errors.append(Rules.forbidden(configPath, "must not be set when session affinity is None"))
        }
        return errors
    }

    private static func addresses(_ spec: Value) -> [FieldError] {
        let list = spec.texts("clusterIPs")
        let listPath = path.child("clusterIPs")
        let first = spec.text("clusterIP")
        var errors: [FieldError] = []
        if first.isEmpty, !list.isEmpty {
            errors.append(
                Rules.invalid(
                    listPath, spec.child("clusterIPs"), "must be empty when `clusterIP` is not specified"))
        } else if !first.isEmpty, list.isEmpty {
            errors.append(Rules.required(listPath))
        } else if let given = list.first, given != first {
            errors.append(Rules.invalid(listPath, spec.child("clusterIPs"), "first value must match `clusterIP`"))
        }
        for (index, family) in spec.texts("ipFamilies").enumerated() where !["IPv4", "IPv6"].contains(family) {
            errors.append(
                Rules.unsupported(path.child("ipFamilies").index(index), .string(family), ["IPv4", "IPv6"]))
        }
        let policies = ["PreferDualStack", "RequireDualStack", "SingleStack"]
        if let policy = spec["ipFamilyPolicy"]?.string, !policies.contains(policy) {
            errors.append(Rules.unsupported(path.child("ipFamilyPolicy"), .string(policy), policies))
        }
        for (index, address) in list.enumerated() {
            if address == "None", index == 0 {
                if list.count > 1 {
                    errors.append(
                        Rules.invalid(
                            listPath, spec.child("clusterIPs"), "'None' must be the first and only value"))
                }
                continue
            }
            errors += Rules.ipAddress(address, listPath.index(index))
        }
        if list.count > 2 {
            errors.append(
                Rules.invalid(listPath, spec.child("clusterIPs"), "may only hold up to 2 values"))
        }
        return errors
    }

    private static func typeDependent(_ spec: Value, type: String) -> [FieldError] {
        var errors: [FieldError] = []
        if type != "LoadBalancer" {
            let onlyBalancer = "may only be used when `type` is 'LoadBalancer'"
            if spec["allocateLoadBalancerNodePorts"]?.bool != nil {
                errors.append(Rules.forbidden(path.child("allocateLoadBalancerNodePorts"), onlyBalancer))
            }
            if spec["loadBalancerClass"]?.string != nil {
                errors.append(Rules.forbidden(path.child("loadBalancerClass"), onlyBalancer))
            }
            if !spec.texts("loadBalancerSourceRanges").isEmpty {
                errors.append(Rules.forbidden(path.child("LoadBalancerSourceRanges"), onlyBalancer))
            }
        }
        let external = spec.text("externalTrafficPolicy")
        let externalPath = path.child("externalTrafficPolicy")
        if ServiceDefaults.isExternallyAccessible(spec) {
            errors += Rules.choice(external, externalPath, of: ["Cluster", "Local"])
        } else if !external.isEmpty {
            errors.append(
                Rules.invalid(
                    externalPath, .string(external), "may only be set for externally-accessible services"))
        }
        let port = spec.number("healthCheckNodePort") ?? 0
        if port != 0, !ServiceDefaults.needsHealthCheck(spec) {
            errors.append(
                Rules.invalid(
                    path.child("healthCheckNodePort"), .integer(Int64(port)),
                    "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"))
        }
        if let policy = spec["internalTrafficPolicy"]?.string {
            errors += Rules.choice(policy, path.child("internalTrafficPolicy"), of: ["Cluster", "Local"])
        }
        return errors
    }

    /// What may not change.
    static func changes(_ service: Value, _ old: Value) -> [FieldError] {
        let spec = service.child("spec")
        let before = old.child("spec")
        var errors: [FieldError] = []
        if spec.text("type") != "ExternalName", before.text("type") != "ExternalName" {
            errors += addressChanges(spec, before)
        }
        if spec.text("type") == "LoadBalancer", before.text("type") == "LoadBalancer",
            spec.text("loadBalancerClass") != before.text("loadBalancerClass")
        {
            errors.append(
                Rules.invalid(
                    path.child("loadBalancerClass"), spec.child("loadBalancerClass"), "may not change once set"))
        }
        if ServiceDefaults.needsHealthCheck(spec), ServiceDefaults.needsHealthCheck(before),
            spec.number("healthCheckNodePort") != before.number("healthCheckNodePort")
        {
            errors.append(Rules.forbidden(path.child("healthCheckNodePort"), Rules.immutable))
        }
        return errors
    }

    private static func addressChanges(_ spec: Value, _ before: Value) -> [FieldError] {
        if isHeadless(spec), isHeadless(before) { return [] }
        let list = spec.texts("clusterIPs")
        let old = before.texts("clusterIPs")
        var errors: [FieldError] = []
        if let first = old.first, list.first != first {
            errors.append(
                Rules.invalid(
                    path.child("clusterIPs").index(0), .array(list.map { .string($0) }),
                    list.isEmpty ? "primary clusterIP can not be unset" : "may not change once set"))
        }
        let families = spec.texts("ipFamilies")
        if isHeadless(spec) == isHeadless(before), let first = before.texts("ipFamilies").first, families.first != first
        {
            errors.append(
                Rules.invalid(
                    path.child("ipFamilies").index(0), .array(families.map { .string($0) }),
                    families.isEmpty ? "primary ipFamily can not be unset" : "may not change once set"))
        }
        return errors
    }

    private static func isHeadless(_ spec: Value) -> Bool { spec.texts("clusterIPs") == ["None"] }
}
