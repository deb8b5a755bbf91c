internal import ObjectModel
internal import Schema

extension BuiltinKind {
    /// A stable address and name for pods.
    static let service = BuiltinKind(
        .services, nameRule: .label, subresources: ["status"], cells: ServiceKind.cells, hooks: ServiceKind.hooks)
}

private enum ServiceKind {
    static let cells: [String: Cell] = [
        "Name": Cells.name,
        "Type": Cells.text("spec", "type"),
        "Cluster-IP": { object, _ in
            .string(object.child("spec").texts("clusterIPs").first ?? Cells.none)
        },
        "External-IP": { object, _ in .string(externalIP(object)) },
        "Port(s)": { object, _ in
            let ports = ServiceView(object).ports.map { port in
                port.nodePort > 0
                    ? "\(port.port):\(port.nodePort)/\(port.transport)" : "\(port.port)/\(port.transport)"
            }
            return .string(ports.isEmpty ? Cells.none : ports.joined(separator: ","))
        },
        "Age": Cells.age,
        "Selector": { object, _ in .string(Cells.labels(object.child("spec").map("selector"))) },
    ]

    static let hooks: KindHooks = {
        var hooks = KindHooks()
        hooks.setDefaults = { object in object.updateObject("spec") { ServiceDefaults.setDefaults(&$0) } }
        hooks.prepareForCreate = { object, _ in
            object.updateObject("spec") { ServiceDefaults.setFamilies(&$0) }
        }
        hooks.prepareForUpdate = { object, old, _ in
            let before = old.child("spec")
            object.updateObject("spec") {
                ServiceDefaults.carryOver(&$0, from: before)
                ServiceDefaults.dropFieldsOfOldType(&$0, before)
                ServiceDefaults.setFamilies(&$0)
            }
            if object.child("spec").text("type") != "LoadBalancer", object["status"]?["loadBalancer"] != nil {
                object["status", "loadBalancer"] = .emptyObject
            }
        }
        hooks.validateCreate = { ServiceRules.validate($0) }
        hooks.validateUpdate = { object, old, subresource in
            subresource.isEmpty ? ServiceRules.changes(object, old) + ServiceRules.validate(object) : []
        }
        return hooks
    }()

    private static func externalIP(_ object: Value) -> String {
        let spec = object.child("spec")
        let external = spec.texts("externalIPs")
        switch spec.text("type") {
        case "ExternalName": return spec.text("externalName")
        case "LoadBalancer":
            let ingress = Set(
                object.child("status").child("loadBalancer").items("ingress").map {
                    $0.text("ip").isEmpty ? $0.text("hostname") : $0.text("ip")
                })
            let all = ingress.filter { !$0.isEmpty }.sorted() + external
            return all.isEmpty ? "<pending>" : all.joined(separator: ",")
        default: return external.isEmpty ? Cells.none : external.joined(separator: ",")
        }
    }
}
