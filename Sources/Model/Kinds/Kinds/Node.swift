internal import ObjectModel
internal import Schema

extension BuiltinKind {
    /// A machine. Its status may be given when it is made.
    static let node = BuiltinKind(
        .nodes, keepsStatusOnCreate: true, subresources: ["status"], cells: NodeKind.cells, hooks: NodeKind.hooks)
}

private enum NodeKind {
    static let cells: [String: Cell] = [
        "Name": Cells.name,
        "Status": { object, _ in .string(status(NodeView(object))) },
        "Roles": { object, _ in .string(roles(object.labels)) },
        "Age": Cells.age,
        "Version": Cells.text("status", "nodeInfo", "kubeletVersion"),
        "Internal-IP": address("InternalIP"),
        "External-IP": address("ExternalIP"),
        "OS-Image": Cells.text("status", "nodeInfo", "osImage", fallback: "<unknown>"),
        "Kernel-Version": { object, _ in
            let host = object.child("status").child("nodeInfo")
            let kernel = host.text("kernelVersion").isEmpty ? "<unknown>" : host.text("kernelVersion")
            return .string(host.text("architecture").isEmpty ? kernel : "\(kernel) (\(host.text("architecture")))")
        },
        "Container-Runtime": Cells.text("status", "nodeInfo", "containerRuntimeVersion", fallback: "<unknown>"),
    ]

    static let hooks: KindHooks = {
        var hooks = KindHooks()
        hooks.setDefaults = { object in
            let status = object.child("status")
            if status["allocatable"] == nil, let capacity = status["capacity"] {
                object["status", "allocatable"] = capacity
            }
        }
        hooks.validateCreate = { validate($0) }
        hooks.validateUpdate = { object, old, _ in validate(object) + changes(object, old) }
        return hooks
    }()

    private static func status(_ node: NodeView) -> String {
        let ready = node.conditions.condition("Ready").map { $0.isTrue ? "Ready" : "NotReady" } ?? "Unknown"
        return node.unschedulable ? "\(ready),SchedulingDisabled" : ready
    }

    private static func roles(_ labels: [String: String]) -> String {
        let prefix = "node-role.kubernetes.io/"
        var roles = Set(labels.keys.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) })
        if let role = labels["kubernetes.io/role"] { roles.insert(role) }
        roles.remove("")
        return roles.isEmpty ? Cells.none : roles.sorted().joined(separator: ",")
    }

    private static func address(_ type: String) -> Cell {
        { object, _ in .string(NodeView(object).addresses.first { $0.type == type }?.address ?? Cells.none) }
    }

    private static func validate(_ node: Value) -> [FieldError] {
        // Upstream reports taints below metadata.
        var errors = SchedulingRules.taints(
            node.child("spec").items("taints"), FieldPath("metadata").child("taints"))
        for list in ["capacity", "allocatable"] {
            for (name, amount) in node.child("status").quantities(list).sorted(by: { $0.key < $1.key }) {
                errors += ResourceRules.nonNegative(amount, FieldPath("status").child(list).child(name))
            }
        }
        for (index, range) in node.child("spec").texts("podCIDRs").enumerated()
        where IPv4Range(range) == nil && !range.contains(":") {
            errors.append(
                Rules.invalid(
                    FieldPath("spec").child("podCIDRs").index(index), .string(range),
                    "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"))
        }
        return errors
    }

    private static func changes(_ node: Value, _ old: Value) -> [FieldError] {
        let spec = node.child("spec")
        let before = old.child("spec")
        var errors: [FieldError] = []
        let ranges = before.texts("podCIDRs")
        if !ranges.isEmpty, ranges != spec.texts("podCIDRs") {
            errors.append(
                Rules.forbidden(
                    FieldPath("spec").child("podCIDRs"),
                    "node updates may not change podCIDR except from \"\" to valid"))
        }
        if !before.text("providerID").isEmpty, before.text("providerID") != spec.text("providerID") {
            errors.append(
                Rules.forbidden(
                    FieldPath("spec").child("providerID"),
                    "node updates may not change providerID except from \"\" to valid"))
        }
        var seen: Set<Value> = []
        for (index, address) in node.child("status").items("addresses").enumerated()
        where !seen.insert(address).inserted {
            errors.append(Rules.duplicate(FieldPath("status").child("addresses").index(index), address))
        }
        return errors
    }
}
