internal import Kinds
internal import ObjectModel

/// Fills the addresses and ports that a Service needs and does not have yet, and judges those it names: pure.
struct ServiceAllocation {
    var allocator: ServiceAddressAllocator
    let now: Timestamp
    let random: (ClosedRange<Int>) -> Int

    /// Completes a new or changed Service. `old` is what is stored.
    mutating func complete(_ service: inout Value, old: Value?, owner: String) throws(APIStatus) {
        var spec = service["spec"] ?? .emptyObject
        let before = old?["spec"] ?? .emptyObject
        var errors = familyProblems(spec)
        if errors.isEmpty {
            let hadAddress = old != nil && before["type"]?.string != "ExternalName"
            if !hadAddress { errors += try allocateAddress(&spec, owner: owner, name: service.name) }
            errors += try allocatePorts(&spec, before: before, owner: owner)
        }
        guard errors.isEmpty else { throw Self.invalid(service, errors) }
        service["spec"] = spec
    }

    /// What another Service has got meanwhile.
    func conflicts(of service: Value, owner: String) -> [FieldError] {
        let spec = service["spec"] ?? .emptyObject
        var errors: [FieldError] = []
        for address in ServiceAddressAllocator.claims(of: service).addresses {
            errors += addressProblem(address, spec: spec, owner: owner)
        }
        for (index, port) in (spec["ports"]?.array ?? []).enumerated() {
            errors += portProblem(port["nodePort"]?.int ?? 0, index: index, owner: owner)
        }
        return errors
    }

    static func invalid(_ service: Value, _ errors: [FieldError]) -> APIStatus {
        .invalid(GroupVersionKind(group: "", version: "v1", kind: "Service"), name: service.name, errors)
    }

    private func familyProblems(_ spec: Value) -> [FieldError] {
        guard spec["type"]?.string != "ExternalName", !Self.isFreeHeadless(spec) else { return [] }
        var errors: [FieldError] = []
        if spec["ipFamilyPolicy"]?.string == "RequireDualStack" {
            errors.append(
                FieldError(
                    .invalid, "spec.ipFamilyPolicy", "RequireDualStack",
                    "this cluster is not configured for dual-stack services"))
        }
        for (index, family) in (spec["ipFamilies"]?.array ?? []).enumerated() where family == "IPv6" {
            errors.append(
                FieldError(.invalid, "spec.ipFamilies[\(index)]", family, "not configured on this cluster"))
        }
        return errors
    }

    /// Headless without a selector: its owner writes endpoints of any family.
    private static func isFreeHeadless(_ spec: Value) -> Bool {
        spec["clusterIP"]?.string == "None" && (spec["selector"]?.isEmpty ?? true)
    }

    private mutating func allocateAddress(
        _ spec: inout Value, owner: String, name: String
    ) throws(APIStatus) -> [FieldError] {
        let given = spec["clusterIP"]?.string ?? ""
        let listed = spec["clusterIPs"]?.array ?? []
        guard spec["type"]?.string != "ExternalName", given != "None", listed.first != "None" else { return [] }
        if given.isEmpty {
            // A list without the single field is for validation to refuse.
            guard listed.isEmpty else { return [] }
            guard let address = allocator.pickAddress(at: now, random: random) else {
                throw .internalError("failed to allocate a serviceIP for Service \"\(name)\": range is full")
            }
            spec["clusterIP"] = .string(address.description)
            spec["clusterIPs"] = [.string(address.description)]
            return []
        }
        if listed.isEmpty { spec["clusterIPs"] = [.string(given)] }
        return IPv4Address(given).map { addressProblem($0, spec: spec, owner: owner) } ?? []
    }

    private func addressProblem(_ address: IPv4Address, spec: Value, owner: String) -> [FieldError] {
        guard let problem = allocator.problem(with: address, for: owner) else { return [] }
        return [
            FieldError(
                .invalid, "spec.clusterIPs", spec["clusterIPs"] ?? .null,
                "failed to allocate IP \(address): \(problem)")
        ]
    }

    private func portProblem(_ port: Int, index: Int, owner: String) -> [FieldError] {
        guard port != 0, let problem = allocator.problem(withPort: port, for: owner) else { return [] }
        return [FieldError(.invalid, "spec.ports[\(index)].nodePort", .integer(Int64(port)), problem)]
    }

    private mutating func allocatePorts(
        _ spec: inout Value, before: Value, owner: String
    ) throws(APIStatus) -> [FieldError] {
        guard Self.usesNodePorts(spec), var ports = spec["ports"]?.array else { return [] }
        if Self.usesNodePorts(before) { Self.carryOver(before["ports"]?.array ?? [], to: &ports) }
        let allocates =
            spec["type"]?.string == "NodePort" || spec["allocateLoadBalancerNodePorts"]?.bool ?? true
        var errors: [FieldError] = []
        for index in ports.indices {
            let given = ports[index]["nodePort"]?.int ?? 0
            if given != 0 {
                errors += portProblem(given, index: index, owner: owner)
            } else if allocates {
                // TCP and UDP on one port number share one node port.
                let twin = ports.first { $0["port"] == ports[index]["port"] && ($0["nodePort"]?.int ?? 0) != 0 }
                let port = twin?["nodePort"]?.int ?? allocator.pickPort(at: now, random: random)
                guard let port else { throw .internalError("failed to allocate a nodePort: range is full") }
                ports[index]["nodePort"] = .integer(Int64(port))
            }
        }
        spec["ports"] = .array(ports)
        try allocateHealthCheck(&spec, before: before)
        return errors
    }

    private mutating func allocateHealthCheck(_ spec: inout Value, before: Value) throws(APIStatus) {
        guard Self.needsHealthCheck(spec), (spec["healthCheckNodePort"]?.int ?? 0) == 0 else { return }
        if Self.needsHealthCheck(before), let kept = before["healthCheckNodePort"] {
            spec["healthCheckNodePort"] = kept
            return
        }
        guard let port = allocator.pickPort(at: now, random: random) else {
            throw .internalError("failed to allocate a HealthCheck NodePort 0: range is full")
        }
        spec["healthCheckNodePort"] = .integer(Int64(port))
    }

    /// Ports that an update names as before keep their node port.
    private static func carryOver(_ before: [Value], to ports: inout [Value]) {
        let numbers = { (ports: [Value]) in Set(ports.compactMap { $0["nodePort"]?.int }.filter { $0 != 0 }) }
        let used = numbers(before).intersection(numbers(ports))
        let byName = Dictionary(
            before.map { ($0["name"]?.string ?? "", $0["nodePort"]?.int ?? 0) }, uniquingKeysWith: { $1 })
        for index in ports.indices where (ports[index]["nodePort"]?.int ?? 0) == 0 {
            let kept = byName[ports[index]["name"]?.string ?? ""] ?? 0
            if kept != 0, !used.contains(kept) { ports[index]["nodePort"] = .integer(Int64(kept)) }
        }
    }

    private static func usesNodePorts(_ spec: Value) -> Bool {
        ["NodePort", "LoadBalancer"].contains(spec["type"]?.string)
    }

    private static func needsHealthCheck(_ spec: Value) -> Bool {
        spec["type"]?.string == "LoadBalancer" && spec["externalTrafficPolicy"]?.string == "Local"
    }
}
