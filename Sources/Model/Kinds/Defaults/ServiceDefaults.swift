internal import ObjectModel

/// What a Service gets without asking, except addresses and ports from the cluster's pools.
enum ServiceDefaults {
    /// The conditional defaults (upstream's `SetDefaults_Service`).
    static func setDefaults(_ spec: inout Value) {
        switch spec.text("sessionAffinity") {
        case "ClientIP":
            if spec["sessionAffinityConfig"]?["clientIP"]?["timeoutSeconds"]?.int == nil {
                spec["sessionAffinityConfig"] = ["clientIP": ["timeoutSeconds": 10800]]
            }
        case "None", "": spec["sessionAffinityConfig"] = nil
        default: break
        }
        spec.updateItems("ports") { port in
            if PortReference(port["targetPort"]) == nil, let number = port["port"] { port["targetPort"] = number }
        }
        let type = spec.text("type")
        if isExternallyAccessible(spec), spec.text("externalTrafficPolicy").isEmpty {
            spec["externalTrafficPolicy"] = "Cluster"
        }
        if spec["internalTrafficPolicy"]?.string == nil, ["ClusterIP", "NodePort", "LoadBalancer"].contains(type) {
            spec["internalTrafficPolicy"] = "Cluster"
        }
        if type == "LoadBalancer", spec["allocateLoadBalancerNodePorts"]?.bool == nil {
            spec["allocateLoadBalancerNodePorts"] = true
        }
    }

    /// Address families of an IPv4 cluster, and the list form of a given address. A headless Service without a selector
    /// gets both families even here, as upstream does.
    static func setFamilies(_ spec: inout Value) {
        guard spec.text("type") != "ExternalName" else { return }
        let address = spec.text("clusterIP")
        if !address.isEmpty, spec.texts("clusterIPs").isEmpty { spec["clusterIPs"] = [.string(address)] }
        let isFree = address == "None" && spec.map("selector").isEmpty
        if spec.text("ipFamilyPolicy").isEmpty { spec["ipFamilyPolicy"] = isFree ? "RequireDualStack" : "SingleStack" }
        if spec.items("ipFamilies").isEmpty {
            let isDual = isFree && spec.text("ipFamilyPolicy") != "SingleStack"
            spec["ipFamilies"] = isDual ? ["IPv4", "IPv6"] : ["IPv4"]
        }
    }

    /// Values that an update leaves out stay as they are (upstream's `patchAllocatedValues`).
    static func carryOver(_ spec: inout Value, from before: Value) {
        let wasExternal = before.text("type") == "ExternalName"
        let isExternal = spec.text("type") == "ExternalName"
        if !wasExternal, !isExternal {
            if spec.text("clusterIP").isEmpty { spec["clusterIP"] = before["clusterIP"] }
            let isSame = spec.text("clusterIP") == before.text("clusterIP")
            if isSame, spec.texts("clusterIPs").isEmpty { spec["clusterIPs"] = before["clusterIPs"] }
            if !isSame, Rules.equal(spec["clusterIPs"], before["clusterIPs"]) {
                spec["clusterIPs"] = [spec.child("clusterIP")]
            }
            if spec.text("ipFamilyPolicy").isEmpty { spec["ipFamilyPolicy"] = before["ipFamilyPolicy"] }
            if spec.items("ipFamilies").isEmpty { spec["ipFamilies"] = before["ipFamilies"] }
        }
        if usesNodePorts(before), usesNodePorts(spec) { carryOverNodePorts(&spec, from: before) }
        if needsHealthCheck(before), needsHealthCheck(spec), (spec.number("healthCheckNodePort") ?? 0) == 0 {
            spec["healthCheckNodePort"] = before["healthCheckNodePort"]
        }
    }

    private static func carryOverNodePorts(_ spec: inout Value, from before: Value) {
        func nodePorts(_ spec: Value) -> Set<Int> {
            Set(spec.items("ports").compactMap { $0.number("nodePort") }.filter { $0 != 0 })
        }
        let used = nodePorts(before).intersection(nodePorts(spec))
        let byName = Dictionary(
            before.items("ports").map { ($0.text("name"), $0.number("nodePort") ?? 0) }, uniquingKeysWith: { $1 })
        spec.updateItems("ports") { port in
            guard (port.number("nodePort") ?? 0) == 0, let old = byName[port.text("name")], old != 0,
                !used.contains(old)
            else { return }
            port["nodePort"] = .integer(Int64(old))
        }
    }

    /// Fields that the old type needed and the new one does not go, unless the update changed them too (upstream's
    /// `dropTypeDependentFields`).
    static func dropFieldsOfOldType(_ spec: inout Value, _ before: Value) {
        func drop(_ keys: [String], if condition: Bool) {
            guard condition else { return }
            for key in keys where Rules.equal(spec[key], before[key]) { spec[key] = nil }
        }
        let type = spec.text("type")
        let oldType = before.text("type")
        if oldType != "ExternalName", type == "ExternalName" {
            let isSame = ["clusterIP", "clusterIPs"].allSatisfy { Rules.equal(spec[$0], before[$0]) }
            drop(["clusterIP", "clusterIPs"], if: isSame)
            drop(["ipFamilies", "ipFamilyPolicy"], if: true)
        }
        if usesNodePorts(before), !usesNodePorts(spec) {
            let known = Set(before.items("ports").compactMap { $0.number("nodePort") })
            let isSame = spec.items("ports").allSatisfy {
                known.contains($0.number("nodePort") ?? 0) || $0["nodePort"] == nil
            }
            if isSame { spec.updateItems("ports") { $0["nodePort"] = nil } }
        }
        drop(["healthCheckNodePort"], if: needsHealthCheck(before) && !needsHealthCheck(spec))
        drop(
            ["allocateLoadBalancerNodePorts", "loadBalancerClass"],
            if: oldType == "LoadBalancer" && type != "LoadBalancer")
        drop(["externalTrafficPolicy"], if: isExternallyAccessible(before) && !isExternallyAccessible(spec))
    }

    static func usesNodePorts(_ spec: Value) -> Bool { ["NodePort", "LoadBalancer"].contains(spec.text("type")) }

    static func isExternallyAccessible(_ spec: Value) -> Bool {
        usesNodePorts(spec) || (spec.text("type") == "ClusterIP" && !spec.texts("externalIPs").isEmpty)
    }

    static func needsHealthCheck(_ spec: Value) -> Bool {
        spec.text("type") == "LoadBalancer" && spec.text("externalTrafficPolicy") == "Local"
    }
}
