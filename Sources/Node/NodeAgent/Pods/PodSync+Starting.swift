internal import ControllerRuntime
internal import Kinds
internal import NodeInterfaces
internal import ObjectModel

extension PodSync {
    private static let setUpBackOff = BackOff(first: .milliseconds(500), last: .seconds(122))

    /// What a step has made, when it did nothing else.
    struct Made {
        var sandbox: SandboxStatus
        /// The runtime's ids.
        var containers: [String] = []
    }

    /// Does what the core decided. What it made, when nothing was stopped or removed and nothing failed.
    mutating func perform(_ steps: PodSteps, _ observed: RuntimePod) async -> Made? {
        for stop in steps.stops {
            guard let state = observed.containers.first(where: { $0.id == stop.id }) else { continue }
            let isStopped = await orders.unlessEnding { [self] in
                await stopContainer(state, grace: stop.grace ?? pod.gracePeriod, message: stop.message)
            }
            // Never a second instance beside one that may still run.
            guard isStopped == true else { return nil }
        }
        guard steps.newSandbox != nil || !steps.starts.isEmpty else { return nil }
        publish(observed, life: .active)
        // Volumes before images, as kubelet: while one fails nothing is pulled.
        do throws(VolumeFailure) {
            try await setUpVolumes(await referencedData())
        } catch {
            note(error)
            setUpFailed("FailedMount", error.message)
            return nil
        }
        // Before the slot is taken: a slow registry holds up no other pod.
        var images: [String: FetchedImage] = [:]
        for start in steps.starts {
            guard let container = pod.container(start.name) else { continue }
            images[start.name] = await image(of: container)
            if orders.isEnding() { return nil }
        }
        let onlyMakes = steps.stops.isEmpty && (steps.newSandbox == nil || observed.sandboxes.isEmpty)
        if steps.newSandbox != nil, !observed.sandboxes.isEmpty {
            environment.note(
                pod, .normal, "SandboxChanged", "Pod sandbox changed, it will be killed and re-created.")
            let isStopped = await orders.unlessEnding { [self] in
                await stopEverything(observed, grace: pod.gracePeriod)
            }
            guard isStopped == true else { return nil }
        }
        // Read anew: a pull may have taken long.
        let made = await start(steps, observed, images, await referencedData())
        return onlyMakes ? made : nil
    }

    /// Makes the sandbox and starts the containers, in a slot that is free again while a postStart hook runs. What was
    /// made, when all was.
    private mutating func start(
        _ steps: PodSteps, _ observed: RuntimePod, _ images: [String: FetchedImage], _ data: ReferencedData
    ) async -> Made? {
        await environment.starts.take()
        var hasSlot = true
        defer { if hasSlot { environment.starts.giveBack() } }
        if Task.isCancelled { return nil }
        guard let sandbox = await sandbox(steps, observed) else { return nil }
        var made = sandbox.status.map { Made(sandbox: $0) }
        memory.setUpFailure = nil
        setUpFailures = 0
        for start in steps.starts {
            guard let container = pod.container(start.name), let image = images[start.name], !Task.isCancelled,
                !orders.isEnding()
            else { continue }
            if !hasSlot {
                await environment.starts.take()
                hasSlot = true
            }
            if !image.isNew { note(image, for: container) }
            guard let id = await self.start(container, start, image.status, in: sandbox, data) else { continue }
            if start.leftover == nil { made?.containers.append(id) }
            guard let hook = container.lifecycle?.object("postStart") else { continue }
            environment.starts.giveBack()
            hasSlot = false
            await run(postStart: hook, of: container, id: id, podIP: sandbox.addresses.first ?? "")
        }
        return made?.containers.count == steps.starts.count ? made : nil
    }

    private mutating func setUpFailed(_ reason: String, _ message: String) {
        setUpFailures += 1
        let wait = Self.setUpBackOff.delay(failures: setUpFailures)
        memory.setUpFailure = StartFailure(reason: reason, message: message, retryAt: now + wait)
    }

    private struct ReadySandbox {
        var id: String
        var config: SandboxConfig
        var addresses: [String]
        var status: SandboxStatus?
    }

    /// The sandbox to start containers in, made when it is needed; nil after a failure, which is noted.
    private mutating func sandbox(_ steps: PodSteps, _ observed: RuntimePod) async -> ReadySandbox? {
        let attempt = steps.newSandbox ?? 0
        var config = assembly.sandbox(attempt: attempt)
        do {
            if !environment.configuration.isSimulated {
                try HostFiles.makeDirectory(paths.root, mode: 0o750)
                try HostFiles.makeDirectory(paths.logs)
            }
            let known = observed.sandboxes.first { $0.id == steps.sandboxID }
            let id: String
            if let existing = steps.sandboxID { id = existing } else { id = try await runtime.runSandbox(config) }
            let hasAddress = known.map { !$0.addresses.isEmpty } ?? false
            let state = hasAddress ? known : try await runtime.sandbox(id)
            config.attempt = state?.attempt ?? attempt
            let addresses =
                pod.view.spec.hostNetwork ? [environment.configuration.nodeAddress] : state?.addresses ?? []
            if !environment.configuration.isSimulated {
                let hosts = naming.hostsFile(addresses: addresses, hostFile: NodeFiles.text("/etc/hosts"))
                // A container holds the file open by a mount: it is written in place.
                try HostFiles.write(Array(hosts.utf8), to: paths.hostsFile)
            }
            return ReadySandbox(id: id, config: config, addresses: addresses, status: state)
        } catch {
            let text = (error as? RuntimeError)?.text ?? "\(error)"
            environment.note(pod, .warning, "FailedCreatePodSandBox", "Failed to create pod sandbox: \(text)")
            setUpFailed("FailedCreatePodSandBox", text)
            return nil
        }
    }

    // MARK: Containers

    /// Makes and starts a container; returns its id, nil after a failure, which is noted.
    private mutating func start(
        _ container: ContainerView, _ start: ContainerStart, _ image: ImageStatus, in sandbox: ReadySandbox,
        _ data: ReferencedData
    ) async -> String? {
        if let formerEnd = start.formerEnd {
            memory.restarts.tried(ContainerHash.of(container), failedAt: formerEnd, now: now)
        }
        let config: ContainerConfig
        do throws(ConfigurationError) {
            config = try self.config(of: container, start.attempt, image, sandbox.addresses, data)
        } catch {
            startFailed(container, "CreateContainerConfigError", error.description, after: .seconds(10))
            return nil
        }
        var created: String?
        do {
            try makeFiles(of: config)
            if let leftover = start.leftover { try await runtime.removeContainer(leftover) }
            let id = try await runtime.createContainer(config, sandbox: sandbox.id, sandboxConfig: sandbox.config)
            created = id
            environment.note(pod, .normal, "Created", "Container created", container: container.name)
            link(config, id: id)
            try await runtime.startContainer(id)
        } catch {
            let text = (error as? RuntimeError)?.text ?? "\(error)"
            let reason = created == nil ? "CreateContainerError" : "RunContainerError"
            // The runtime keeps what failed to start as an instance that ended; its restarts wait ever longer.
            startFailed(container, reason, text, after: created == nil ? .seconds(10) : .seconds(1))
            return nil
        }
        memory.failures[container.name] = nil
        environment.note(pod, .normal, "Started", "Container started", container: container.name)
        return created
    }

    private func config(
        of container: ContainerView, _ attempt: Int, _ image: ImageStatus, _ addresses: [String],
        _ data: ReferencedData
    ) throws(ConfigurationError) -> ContainerConfig {
        let fields = PodFields(
            pod: pod, podIPs: addresses, nodeAddress: environment.configuration.nodeAddress,
            capacity: environment.configuration.capacity)
        var variables = try ContainerEnvironment(fields: fields, data: data, services: environment.objects.allServices)
            .variables(of: container)
        if !variables.contains(where: { $0.name == "HOSTNAME" }) { variables.append(("HOSTNAME", naming.hostname)) }
        let mounts =
            environment.configuration.isSimulated
            ? []
            : try assembly.mounts(
                of: container, attempt: attempt, volumes: volumes.hostPaths, environment: variables,
                subPath: SubPath.resolve)
        return try assembly.container(
            container, attempt: attempt, image: image, environment: variables, mounts: mounts)
    }

    /// The image of a container; nil after a failure, which is noted, or when the pod is to end meanwhile.
    private mutating func image(of container: ContainerView) async -> FetchedImage? {
        guard let fetched = await fetch(container) else { return nil }
        switch fetched {
        case .success(let (image, origin)):
            memory.pulls.succeeded(container.image)
            let fetched = FetchedImage(status: image, origin: origin)
            // One that was there already is told of when its container starts: each try to start looks for it again.
            if fetched.isNew { note(fetched, for: container) }
            return fetched
        case .failure(let error):
            let text =
                error.reason == "ErrImagePull"
                ? "Failed to pull image \"\(container.image)\": \(error.message)" : error.message
            environment.note(pod, .warning, error.event, text, container: container.name)
            memory.pulls.tried(container.image, failedAt: now, now: now)
            startFailed(
                container, error.reason, error.message, event: error.reason,
                after: memory.pulls.delay(container.image))
            return nil
        }
    }

    private typealias Fetched = Result<(ImageStatus, ImageFetcher.Origin), ImageFetcher.Failure>

    private func fetch(_ container: ContainerView) async -> Fetched? {
        await orders.unlessEnding { [self] in
            do throws(ImageFetcher.Failure) {
                return .success(
                    try await environment.images.image(
                        container.image, policy: container.imagePullPolicy,
                        pulling: {
                            let text = "Pulling image \"\(container.image)\""
                            environment.note(pod, .normal, "Pulling", text, container: container.name)
                        }))
            } catch {
                return .failure(error)
            }
        }
    }

    private struct FetchedImage {
        var status: ImageStatus
        var origin: ImageFetcher.Origin
        /// Whether it was pulled just now.
        var isNew: Bool { if case .pulled = origin { true } else { false } }
    }

    private func note(_ image: FetchedImage, for container: ContainerView) {
        let name = "\"\(container.image)\""
        let message =
            switch image.origin {
            case .present: "Container image \(name) already present on machine and can be accessed by the pod"
            case .presentWithoutRegistry(let why):
                "Container image \(name) already present on machine; its registry was not reached (\(why))"
            case .pulled(let time):
                "Successfully pulled image \(name) in \(GoDuration.precise(time)) "
                    + "(\(GoDuration.precise(time)) including waiting). Image size: \(image.status.size) bytes."
            }
        environment.note(pod, .normal, "Pulled", message, container: container.name)
    }

    private mutating func startFailed(
        _ container: ContainerView, _ reason: String, _ message: String, event: String? = nil, after wait: Duration
    ) {
        memory.failures[container.name] = StartFailure(reason: reason, message: message, retryAt: now + wait)
        environment.note(pod, .warning, "Failed", "Error: \(event ?? message)", container: container.name)
    }

    // MARK: Files

    private func makeFiles(of config: ContainerConfig) throws(HostFileError) {
        guard !environment.configuration.isSimulated else { return }
        try HostFiles.makeDirectory("\(paths.logs)/\(config.name)")
        if let file = config.annotations[RuntimeKeys.terminationMessageFile] {
            try HostFiles.makeDirectory(HostFiles.directory(of: file))
            // Any user of the container may write it.
            try HostFiles.write([], to: file, mode: 0o666)
        }
    }

    private func link(_ config: ContainerConfig, id: String) {
        guard !environment.configuration.isSimulated else { return }
        do throws(HostFileError) {
            try HostFiles.makeDirectory(environment.configuration.containerLogsDirectory)
            try HostFiles.link(
                paths.logLink(config.name, id: id), to: paths.log(config.name, attempt: config.attempt))
        } catch {
            environment.note(pod, .warning, "FailedLogLink", error.description, container: config.name)
        }
    }

    // MARK: postStart

    private func run(postStart hook: Value, of container: ContainerView, id: String, podIP: String) async {
        let failure = await orders.unlessEnding { [environment] in
            await LifecycleHook(hook, container: container, podIP: podIP)
                .run(in: id, environment.runtime, environment.prober, environment.clock, limit: nil)
        }
        guard let failure = failure ?? nil, !Task.isCancelled else { return }
        environment.note(
            pod, .warning, "FailedPostStartHook", "PostStartHook failed: \(failure)", container: container.name)
        let state = await state(orElse: RuntimePod()).containers.first { $0.id == id }
        // One that could not be stopped runs on: its next step does not take it for failed.
        if let state { _ = await stopContainer(state, grace: pod.gracePeriod, message: "FailedPostStartHook") }
    }
}
