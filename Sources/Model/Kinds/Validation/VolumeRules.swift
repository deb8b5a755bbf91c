internal import ObjectModel

/// The rules of `spec.volumes`.
enum VolumeRules {
    /// In the order in which upstream looks at them: of several sources all but the first are too many.
    private static let sources = [
        "emptyDir", "hostPath", "gitRepo", "gcePersistentDisk", "awsElasticBlockStore", "secret", "nfs", "iscsi",
        "glusterfs", "persistentVolumeClaim", "rbd", "cinder", "cephfs", "flocker", "downwardAPI", "fc", "azureFile",
        "configMap", "vsphereVolume", "flexVolume", "quobyte", "azureDisk", "storageos", "portworxVolume",
        "photonPersistentDisk", "projected", "scaleIO", "csi", "ephemeral", "image",
    ]

    /// The broken rules, and the names that mounts may use.
    static func volumes(_ volumes: [Value], _ path: FieldPath) -> (errors: [FieldError], names: Set<String>) {
        var names: Set<String> = []
        var errors: [FieldError] = []
        for (index, volume) in volumes.enumerated() {
            let itemPath = path.index(index)
            let name = volume.text("name")
            var problems = source(volume, itemPath)
            problems +=
                name.isEmpty ? [Rules.required(itemPath.child("name"))] : Rules.label(name, itemPath.child("name"))
            if names.contains(name) { problems.append(Rules.duplicate(itemPath.child("name"), .string(name))) }
            if problems.isEmpty { names.insert(name) }
            errors += problems
        }
        return (errors, names)
    }

    private static func source(_ volume: Value, _ path: FieldPath) -> [FieldError] {
        let given = sources.filter { volume.object($0) != nil }
        guard let first = given.first else { return [Rules.required(path, "must specify a volume type")] }
        return details(volume.child(first), of: first, path.child(first))
            + given.dropFirst().map { Rules.forbidden(path.child($0), "may not specify more than 1 volume type") }
    }

    private static func details(_ source: Value, of type: String, _ path: FieldPath) -> [FieldError] {
        switch type {
        case "emptyDir":
            guard let limit = Quantity(source["sizeLimit"]), limit.isNegative else { return [] }
            return [Rules.forbidden(path.child("sizeLimit"), "SizeLimit field must be a valid resource quantity")]
        case "hostPath":
            if source.text("path").isEmpty { return [Rules.required(path.child("path"))] }
            return noBacksteps(source.text("path"), path.child("path"))
        case "secret": return needed("secretName", source, path) + files(source, path)
        case "configMap": return needed("name", source, path) + files(source, path)
        case "persistentVolumeClaim": return needed("claimName", source, path)
        case "nfs":
            let isRelative = !source.text("path").isEmpty && !source.text("path").hasPrefix("/")
            return needed("server", source, path) + needed("path", source, path)
                + (isRelative
                    ? [Rules.invalid(path.child("path"), source.child("path"), "must be an absolute path")] : [])
        case "downwardAPI": return mode(source["defaultMode"], path.child("defaultMode")) + downward(source, path)
        case "projected": return projected(source, path)
        case "csi": return needed("driver", source, path)
        case "ephemeral":
            guard let template = source.object("volumeClaimTemplate") else {
                return [Rules.required(path.child("volumeClaimTemplate"))]
            }
            return ClaimRules.spec(template.child("spec"), path.child("volumeClaimTemplate").child("spec"))
        default: return []
        }
    }

    private static func projected(_ source: Value, _ path: FieldPath) -> [FieldError] {
        var errors = mode(source["defaultMode"], path.child("defaultMode"))
        for (index, item) in source.items("sources").enumerated() {
            let itemPath = path.child("sources").index(index)
            let types = ["secret", "configMap", "downwardAPI", "serviceAccountToken", "clusterTrustBundle"]
            let given = types.filter { item.object($0) != nil }
            errors += given.dropFirst().map {
                Rules.forbidden(itemPath.child($0), "may not specify more than 1 volume type per source")
            }
            guard let type = given.first else { continue }
            let content = item.child(type)
            let contentPath = itemPath.child(type)
            switch type {
            case "secret", "configMap": errors += needed("name", content, contentPath) + files(content, contentPath)
            case "downwardAPI": errors += downward(content, contentPath)
            case "serviceAccountToken":
                // Upstream reports the path below `projected`.
                errors += needed("path", content, path) + localPath(content.text("path"), path.child("path"))
                if let seconds = content.number("expirationSeconds"), seconds < 600 {
                    errors.append(
                        Rules.invalid(
                            contentPath.child("expirationSeconds"), .integer(Int64(seconds)),
                            "may not specify a duration less than 10 minutes"))
                }
            default: break
            }
        }
        return errors
    }

    private static func files(_ source: Value, _ path: FieldPath) -> [FieldError] {
        mode(source["defaultMode"], path.child("defaultMode"))
            + source.items("items").enumerated().flatMap { index, item -> [FieldError] in
                let itemPath = path.child("items").index(index)
                return needed("key", item, itemPath) + needed("path", item, itemPath)
                    + localPath(item.text("path"), itemPath.child("path")) + mode(item["mode"], itemPath.child("mode"))
            }
    }

    private static func downward(_ source: Value, _ path: FieldPath) -> [FieldError] {
        source.items("items").enumerated().flatMap { index, item -> [FieldError] in
            let itemPath = path.child("items").index(index)
            var errors = needed("path", item, itemPath) + localPath(item.text("path"), itemPath.child("path"))
            if item.object("fieldRef") == nil, item.object("resourceFieldRef") == nil {
                errors.append(Rules.required(itemPath, "one of fieldRef and resourceFieldRef is required"))
            }
            return errors + mode(item["mode"], itemPath.child("mode"))
        }
    }

    private static func needed(_ key: String, _ value: Value, _ path: FieldPath) -> [FieldError] {
        value.text(key).isEmpty ? [Rules.required(path.child(key))] : []
    }

    private static func mode(_ mode: Value?, _ path: FieldPath) -> [FieldError] {
        guard let mode, let bits = mode.int, !(0...0o777).contains(bits) else { return [] }
        return [Rules.invalid(path, mode, "must be a number between 0 and 0777 (octal), both inclusive")]
    }

    private static func localPath(_ text: String, _ path: FieldPath) -> [FieldError] {
        let errors = descending(text, path)
        if errors.isEmpty, text.hasPrefix("..") {
            return [Rules.invalid(path, .string(text), "must not start with '..'")]
        }
        return errors
    }

    /// A relative path that never leaves its root.
    static func descending(_ text: String, _ path: FieldPath) -> [FieldError] {
        (text.hasPrefix("/") ? [Rules.invalid(path, .string(text), "must be a relative path")] : [])
            + noBacksteps(text, path)
    }

    static func noBacksteps(_ text: String, _ path: FieldPath) -> [FieldError] {
        text.split(separator: "/").contains("..")
            ? [Rules.invalid(path, .string(text), "must not contain '..'")] : []
    }
}

/// The rules of `volumeMounts` and `volumeDevices`.
enum VolumeMountRules {
    static func mounts(of container: Value, _ path: FieldPath, _ context: PodContext) -> [FieldError] {
        let devices = container.items("volumeDevices")
        let deviceNames = Set(devices.map { $0.text("name") })
        let devicePaths = Set(devices.map { $0.text("devicePath") })
        var taken: Set<String> = []
        var errors: [FieldError] = []
        let mountsPath = path.child("volumeMounts")
        for (index, mount) in container.items("volumeMounts").enumerated() {
            let itemPath = mountsPath.index(index)
            let name = mount.text("name")
            let target = mount.text("mountPath")
            if name.isEmpty { errors.append(Rules.required(itemPath.child("name"))) }
            errors += known(name, itemPath, context)
            if target.isEmpty { errors.append(Rules.required(itemPath.child("mountPath"))) }
            if !taken.insert(target).inserted {
                errors.append(Rules.invalid(itemPath.child("mountPath"), .string(target), "must be unique"))
            }
            if deviceNames.contains(name) {
                errors.append(
                    Rules.invalid(itemPath.child("name"), .string(name), "must not already exist in volumeDevices"))
            }
            if devicePaths.contains(target) {
                errors.append(
                    Rules.invalid(
                        itemPath.child("mountPath"), .string(target),
                        "must not already exist as a path in volumeDevices"))
            }
            errors += details(mount, of: container, itemPath, mountsPath)
        }
        for (index, device) in devices.enumerated() {
            let itemPath = path.child("volumeDevices").index(index)
            if device.text("name").isEmpty { errors.append(Rules.required(itemPath.child("name"))) }
            if device.text("devicePath").isEmpty { errors.append(Rules.required(itemPath.child("devicePath"))) }
            errors += known(device.text("name"), itemPath, context)
        }
        return errors
    }

    private static func known(_ name: String, _ path: FieldPath, _ context: PodContext) -> [FieldError] {
        context.volumeNames.contains(name)
            ? [] : [FieldError(.notFound, path.child("name").description, .string(name))]
    }

    /// Upstream reports these below the list, not below the mount.
    private static func details(
        _ mount: Value, of container: Value, _ path: FieldPath, _ list: FieldPath
    ) -> [FieldError] {
        var errors: [FieldError] = []
        let subPath = mount.text("subPath")
        let expression = mount.text("subPathExpr")
        if !subPath.isEmpty { errors += VolumeRules.descending(subPath, list.child("subPath")) }
        if !expression.isEmpty {
            if !subPath.isEmpty {
                errors.append(
                    Rules.invalid(
                        path.child("subPathExpr"), .string(expression),
                        "subPathExpr and subPath are mutually exclusive"))
            }
            errors += VolumeRules.descending(expression, list.child("subPathExpr"))
        }
        guard let propagation = mount["mountPropagation"]?.string else { return errors }
        let supported = ["Bidirectional", "HostToContainer", "None"]
        if !supported.contains(propagation) {
            errors.append(Rules.unsupported(list.child("mountPropagation"), .string(propagation), supported))
        }
        if propagation == "Bidirectional", !container.child("securityContext").flag("privileged") {
            errors.append(
                Rules.forbidden(
                    list.child("mountPropagation"),
                    "Bidirectional mount propagation is available only to privileged containers"))
        }
        return errors
    }
}
