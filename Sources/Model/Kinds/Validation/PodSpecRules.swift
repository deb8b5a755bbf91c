internal import ObjectModel
internal import Schema

/// The rules of a pod's spec, in a pod or in a template.
enum PodSpecRules {
    static func spec(
        _ spec: Value, _ path: FieldPath, isPod: Bool, addedVolumes: Set<String> = []
    ) -> [FieldError] {
        let own = spec.items("volumes").filter { !addedVolumes.contains($0.text("name")) || isPod }
        let volumes = VolumeRules.volumes(own, path.child("volumes"))
        let context = PodContext(
            volumeNames: volumes.names.union(addedVolumes), isPod: isPod, osName: spec.child("os").text("name"),
            gracePeriodSeconds: spec.number("terminationGracePeriodSeconds") ?? 30)
        let containers = spec.items("containers")
        var errors = volumes.errors
        errors += ContainerRules.containers(containers, path.child("containers"), context)
        errors += ContainerRules.initContainers(
            spec.items("initContainers"), besides: containers, path.child("initContainers"), context)
        errors += hostNetwork(spec, path, isPod: isPod)
        errors += Rules.choice(
            spec.text("restartPolicy"), path.child("restartPolicy"), of: ["Always", "OnFailure", "Never"])
        errors += Rules.choice(
            spec.text("dnsPolicy"), path.child("dnsPolicy"),
            of: ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"])
        errors += MetadataValidation.labels(spec["nodeSelector"], path.child("nodeSelector"))
        errors += securityContext(spec.object("securityContext"), path.child("securityContext"))
        errors += SchedulingRules.affinity(spec.object("affinity"), path.child("affinity"))
        errors += dns(spec, path.child("dnsConfig"))
        errors += spec.items("readinessGates").enumerated().flatMap {
            Rules.qualifiedName(
                $1.text("conditionType"), path.child("readinessGates").index($0).child("conditionType"))
        }
        errors += SchedulingRules.gates(spec.items("schedulingGates"), path.child("schedulingGates"))
        errors += SchedulingRules.topologySpread(
            spec.items("topologySpreadConstraints"), path.child("topologySpreadConstraints"))
        errors += names(spec, path)
        errors += Rules.range(spec["activeDeadlineSeconds"], path.child("activeDeadlineSeconds"), 1...Int(Int32.max))
        errors += SchedulingRules.tolerations(spec.items("tolerations"), path.child("tolerations"))
        return errors + hostAliases(spec.items("hostAliases"), path.child("hostAliases"))
    }

    private static func names(_ spec: Value, _ path: FieldPath) -> [FieldError] {
        var errors: [FieldError] = []
        for key in ["serviceAccountName", "nodeName", "priorityClassName", "runtimeClassName"] {
            let name = spec.text(key)
            if !name.isEmpty { errors += Rules.subdomain(name, path.child(key)) }
        }
        for key in ["hostname", "subdomain"] {
            let name = spec.text(key)
            if !name.isEmpty { errors += Rules.label(name, path.child(key)) }
        }
        if let policy = spec["preemptionPolicy"]?.string {
            errors += Rules.choice(policy, path.child("preemptionPolicy"), of: ["PreemptLowerPriority", "Never"])
        }
        return errors
    }

    private static func hostNetwork(_ spec: Value, _ path: FieldPath, isPod: Bool) -> [FieldError] {
        guard spec.flag("hostNetwork") else { return [] }
        var errors: [FieldError] = []
        for (position, container) in spec.items("containers").enumerated() {
            for (index, port) in container.items("ports").enumerated() {
                let hostPort = port.number("hostPort") ?? 0
                guard isPod || hostPort != 0, hostPort != port.number("containerPort") else { continue }
                let portPath = path.child("containers").index(position).child("ports").index(index).child("hostPort")
                errors.append(
                    Rules.invalid(
                        portPath, .integer(Int64(hostPort)), "must match `containerPort` when `hostNetwork` is true"))
            }
        }
        return errors
    }

    private static func securityContext(_ context: Value?, _ path: FieldPath) -> [FieldError] {
        guard let context else { return [] }
        var errors: [FieldError] = []
        for key in ["fsGroup", "runAsUser", "runAsGroup"] {
            errors += Rules.range(context[key], path.child(key), 0...Int(Int32.max))
        }
        for (index, group) in context.items("supplementalGroups").enumerated() {
            errors += Rules.range(group, path.child("supplementalGroups").index(index), 0...Int(Int32.max))
        }
        if let policy = context["fsGroupChangePolicy"]?.string, !["Always", "OnRootMismatch"].contains(policy) {
            errors.append(
                Rules.unsupported(
                    path.child("fsGroupChangePolicy"), .string(policy), ["Always", "OnRootMismatch"]))
        }
        return errors
    }

    private static func dns(_ spec: Value, _ path: FieldPath) -> [FieldError] {
        let config = spec.object("dnsConfig")
        let servers = config?.texts("nameservers") ?? []
        if spec.text("dnsPolicy") == "None", servers.isEmpty {
            return config == nil
                ? [Rules.required(path, "must provide `dnsConfig` when `dnsPolicy` is None")]
                : [
                    Rules.required(
                        path.child("nameservers"),
                        "must provide at least one DNS nameserver when `dnsPolicy` is None")
                ]
        }
        guard let config else { return [] }
        var errors: [FieldError] = []
        if servers.count > 3 {
            errors.append(
                Rules.invalid(
                    path.child("nameservers"), config.child("nameservers"), "must not have more than 3 nameservers"))
        }
        errors += servers.enumerated().flatMap { Rules.ipAddress($1, path.child("nameservers").index($0)) }
        let searches = config.texts("searches")
        if searches.count > 32 {
            errors.append(
                Rules.invalid(
                    path.child("searches"), config.child("searches"), "must not have more than 32 search paths"))
        }
        for (index, option) in config.items("options").enumerated() where option.text("name").isEmpty {
            errors.append(Rules.required(path.child("options").index(index), "must not be empty"))
        }
        return errors
    }

    private static func hostAliases(_ aliases: [Value], _ path: FieldPath) -> [FieldError] {
        aliases.enumerated().flatMap { index, alias -> [FieldError] in
            let names = path.index(index).child("hostnames")
            return Rules.ipAddress(alias.text("ip"), path.index(index).child("ip"))
                + alias.texts("hostnames").enumerated().flatMap { Rules.subdomain($1, names.index($0)) }
        }
    }

    /// A PodTemplateSpec. `addedVolumes` are the volumes its controller will add.
    static func template(_ template: Value, _ path: FieldPath, addedVolumes: Set<String> = []) -> [FieldError] {
        let metadata = template.child("metadata")
        var errors = MetadataValidation.labels(metadata["labels"], path.child("labels"))
        errors += MetadataValidation.annotations(metadata["annotations"], path.child("annotations"))
        errors += spec(template.child("spec"), path.child("spec"), isPod: false, addedVolumes: addedVolumes)
        if !template.child("spec").items("ephemeralContainers").isEmpty {
            errors.append(
                Rules.forbidden(
                    path.child("spec").child("ephemeralContainers"),
                    "ephemeral containers not allowed in pod template"))
        }
        return errors
    }
}
