internal import ObjectModel

/// The conditional defaults of pods and of templates (upstream's `SetDefaults_PodSpec`, `_Container`, `_Volume`, `_Pod`).
enum PodDefaults {
    /// Defaults of every pod spec, in a pod or in a template.
    static func setSpecDefaults(_ spec: inout Value) {
        guard spec.fields != nil else { return }
        mirrorServiceAccount(&spec)
        for key in ["containers", "initContainers", "ephemeralContainers"] {
            spec.updateItems(key) { container in
                if container.text("imagePullPolicy").isEmpty {
                    container["imagePullPolicy"] = .string(pullPolicy(ofImage: container.text("image")))
                }
            }
        }
        spec.updateItems("volumes") { volume in
            let hasSource = (volume.fields ?? Fields()).contains { $0.key != "name" && !$0.value.isNull }
            if !hasSource { volume["emptyDir"] = .emptyObject }
            if let image = volume.object("image"), image.text("pullPolicy").isEmpty {
                volume["image", "pullPolicy"] = .string(pullPolicy(ofImage: image.text("reference")))
            }
        }
    }

    /// Defaults of the pod template in the spec of a kind that makes pods.
    static func setTemplateDefaults(_ object: inout Value) {
        object.updateObject("spec") { spec in
            spec.updateObject("template") { template in
                template.updateObject("spec") { setSpecDefaults(&$0) }
            }
        }
    }

    /// Defaults that only pods get, after those of their spec.
    static func setPodDefaults(_ spec: inout Value) {
        // Templates keep a negative time, as upstream's conversion does.
        if let grace = spec.number("terminationGracePeriodSeconds"), grace < 0 {
            spec["terminationGracePeriodSeconds"] = 1
        }
        let hasHostNetwork = spec.flag("hostNetwork")
        for key in ["containers", "initContainers"] {
            spec.updateItems(key) { container in
                requestLimits(&container)
                guard hasHostNetwork else { return }
                container.updateItems("ports") { port in
                    if port.number("hostPort") ?? 0 == 0 { port["hostPort"] = port["containerPort"] }
                }
            }
        }
    }

    /// `Always` for the tag latest, given or meant, else `IfNotPresent`.
    static func pullPolicy(ofImage image: String) -> String {
        let parts = image.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        let name = parts.first?.split(separator: "/").last ?? ""
        if name.isEmpty { return "IfNotPresent" }
        if let colon = name.firstIndex(of: ":") {
            return name[name.index(after: colon)...] == "latest" ? "Always" : "IfNotPresent"
        }
        return parts.count > 1 ? "IfNotPresent" : "Always"
    }

    private static func requestLimits(_ container: inout Value) {
        guard let limits = container["resources"]?["limits"]?.fields, !limits.isEmpty else { return }
        var requests = container["resources"]?["requests"]?.fields ?? Fields()
        let missing = limits.filter { requests[$0.key] == nil }
        guard !missing.isEmpty else { return }
        for limit in missing { requests[limit.key] = limit.value }
        container["resources", "requests"] = .object(requests)
    }

    private static func mirrorServiceAccount(_ spec: inout Value) {
        if spec.text("serviceAccountName").isEmpty, !spec.text("serviceAccount").isEmpty {
            spec["serviceAccountName"] = spec["serviceAccount"]
        }
        let name = spec.text("serviceAccountName")
        if !name.isEmpty, spec["serviceAccount"]?.string != name { spec["serviceAccount"] = .string(name) }
    }

    /// `Guaranteed`, `Burstable` or `BestEffort` (upstream's `ComputePodQOS`).
    static func qosClass(of spec: Value) -> String {
        var requests: [String: Quantity] = [:]
        var limits: [String: Quantity] = [:]
        var isGuaranteed = true
        let pod = spec.object("resources")
        let holders = pod.map { [["resources": $0]] } ?? spec.items("containers") + spec.items("initContainers")
        for holder in holders {
            let resources = holder.child("resources")
            let own = compute(resources.quantities("limits"))
            requests.add(compute(resources.quantities("requests")))
            limits.add(own)
            isGuaranteed = isGuaranteed && own.count == 2
        }
        if requests.isEmpty, limits.isEmpty { return "BestEffort" }
        return isGuaranteed && requests == limits ? "Guaranteed" : "Burstable"
    }

    private static func compute(_ amounts: [String: Quantity]) -> [String: Quantity] {
        amounts.filter { ["cpu", "memory"].contains($0.key) && !$0.value.isZero && !$0.value.isNegative }
    }
}

extension Value {
    /// Changes each item of the list `key`; nothing when there is no such list. What does not change is not copied.
    mutating func updateItems(_ key: String, _ change: (inout Value) -> Void) {
        guard let items = self[key]?.array else { return }
        var result: [Value]?
        for (index, item) in items.enumerated() {
            var changed = item
            change(&changed)
            if changed.isIdentical(to: item) { continue }
            result = result ?? items
            result?[index] = changed
        }
        if let result { self[key] = .array(result) }
    }

    /// Changes the object `key`; nothing when there is none. What does not change is not copied.
    mutating func updateObject(_ key: String, _ change: (inout Value) -> Void) {
        guard let object = object(key) else { return }
        var changed = object
        change(&changed)
        if !changed.isIdentical(to: object) { self[key] = changed }
    }
}
