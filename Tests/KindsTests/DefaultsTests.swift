import Kinds
import ObjectModel
import Schema
import Testing

@Suite struct DefaultsTests {
    private func defaulted(_ object: Value, _ resource: APIResource) throws -> Value {
        Fixture.defaulted(object, try Fixture.kind(resource))
    }

    @Test(arguments: [
        ("nginx", "Always"), ("nginx:latest", "Always"), ("nginx:1", "IfNotPresent"),
        ("localhost:5000/nginx", "Always"), ("localhost:5000/nginx:1", "IfNotPresent"),
        ("nginx@sha256:abc", "IfNotPresent"), ("nginx:latest@sha256:abc", "Always"), ("", "IfNotPresent"),
    ])
    func imageDecidesHowItIsPulled(image: String, policy: String) throws {
        let pod = try defaulted(.pod.with("spec.containers.0.image", .string(image)), .pods)
        #expect(pod["spec"]?["containers"]?.array?[0]["imagePullPolicy"]?.string == policy)
        let set = try defaulted(.set.with("spec.template.spec.containers.0.image", .string(image)), .statefulSets)
        #expect(
            set["spec", "template", "spec", "containers"]?.array?[0]["imagePullPolicy"]?.string == policy)
    }

    @Test func requestsComeFromLimitsInPodsOnly() throws {
        let resources: Value = ["limits": ["cpu": "1", "memory": "1Gi"], "requests": ["cpu": "500m"]]
        let pod = try defaulted(.pod.with("spec.containers.0.resources", resources), .pods)
        #expect(
            pod["spec"]?["containers"]?.array?[0]["resources"]?["requests"] == ["cpu": "500m", "memory": "1Gi"])
        let set = try defaulted(.set.with("spec.template.spec.containers.0.resources", resources), .statefulSets)
        #expect(
            set["spec", "template", "spec", "containers"]?.array?[0]["resources"]?["requests"] == ["cpu": "500m"])
    }

    @Test func volumeWithoutSourceIsAnEmptyDirectory() throws {
        let pod = try defaulted(.pod.with("spec.volumes", [["name": "a"], ["name": "b", "secret": [:]]]), .pods)
        #expect(pod["spec"]?["volumes"]?.array?[0] == ["name": "a", "emptyDir": [:]])
        #expect(pod["spec"]?["volumes"]?.array?[1]["emptyDir"] == nil)
    }

    @Test func hostNetworkOpensContainerPortsOnTheNode() throws {
        let spec = Value.podSpec.with("hostNetwork", true).with("containers.0.ports", [["containerPort": 80]])
        let pod = try defaulted(.pod.with("spec", spec), .pods)
        #expect(pod["spec"]?["containers"]?.array?[0]["ports"]?.array?[0]["hostPort"] == 80)
    }

    @Test func serviceAccountHasTwoNames() throws {
        let pod = try defaulted(.pod.with("spec.serviceAccount", "robot"), .pods)
        #expect(pod["spec"]?["serviceAccountName"] == "robot")
    }

    @Test func serviceFillsItsPortsAndPolicies() throws {
        let spec = try #require(try defaulted(.service, .services)["spec"])
        #expect(spec["ports"]?.array?[0] == ["port": 80, "protocol": "TCP", "targetPort": 80])
        #expect(spec["internalTrafficPolicy"] == "Cluster")
        #expect(spec["externalTrafficPolicy"] == nil)
        #expect(spec["type"] == "ClusterIP")
        let sticky = try defaulted(.service.with("spec.sessionAffinity", "ClientIP"), .services)
        #expect(sticky["spec"]?["sessionAffinityConfig"] == ["clientIP": ["timeoutSeconds": 10800]])
        let open = try defaulted(.service.with("spec.type", "LoadBalancer"), .services)
        #expect(open["spec"]?["externalTrafficPolicy"] == "Cluster")
        #expect(open["spec"]?["allocateLoadBalancerNodePorts"] == true)
    }

    @Test(
        arguments: [
            (Value.service, ["IPv4"], "SingleStack"),
            (.service.with("spec.clusterIP", "None"), ["IPv4"], "SingleStack"),
            (.service.with("spec.clusterIP", "None").with("spec.selector", nil), ["IPv4", "IPv6"], "RequireDualStack"),
        ] as [(Value, Value, Value)])
    func serviceGetsItsFamilies(service: Value, families: Value, policy: Value) throws {
        let kind = try Fixture.kind(.services)
        var object = Fixture.defaulted(service, kind)
        kind.hooks.prepareForCreate(&object, Fixture.context)
        #expect(object["spec"]?["ipFamilies"] == families)
        #expect(object["spec"]?["ipFamilyPolicy"] == policy)
        #expect(kind.createErrors(object).isEmpty)
    }

    @Test func updateOfAServiceKeepsWhatWasAllocated() throws {
        let kind = try Fixture.kind(.services)
        let spec: Value = [
            "type": "NodePort", "clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"], "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack",
            "ports": [["name": "a", "port": 80, "nodePort": 30001], ["name": "b", "port": 81, "nodePort": 30002]],
        ]
        let old = Fixture.defaulted(.service.with("spec", spec), kind)
        let update: Value = [
            "type": "NodePort",
            "ports": [["name": "b", "port": 81], ["name": "c", "port": 82], ["name": "a", "port": 8080]],
        ]
        var new = Fixture.defaulted(.service.with("spec", update), kind)
        kind.hooks.prepareForUpdate(&new, old, Fixture.context)
        #expect(new["spec"]?["clusterIPs"] == ["10.0.0.1"])
        #expect(new["spec"]?["ports"]?.array?.map { $0["nodePort"]?.int ?? 0 } == [30002, 0, 30001])
        #expect(kind.updateErrors(new, old: old, subresource: "").isEmpty)
        var closed = old.with("spec.type", "ClusterIP")
        kind.hooks.prepareForUpdate(&closed, old, Fixture.context)
        #expect(closed["spec"]?["ports"]?.array?.map { $0["nodePort"]?.int ?? 0 } == [0, 0])
        #expect(closed["spec"]?["externalTrafficPolicy"] == nil)
        #expect(kind.updateErrors(closed, old: old, subresource: "").isEmpty)
    }

    @Test func namespaceCarriesItsNameAndFinalizer() throws {
        let kind = try Fixture.kind(.namespaces)
        var object = Fixture.defaulted(["metadata": ["name": "a"]], kind)
        kind.hooks.prepareForCreate(&object, Fixture.context)
        #expect(object.labels == ["kubernetes.io/metadata.name": "a"])
        #expect(object["spec"]?["finalizers"] == ["kubernetes"])
        #expect(object["status"] == ["phase": "Active"])
        #expect(kind.hooks.holdsRemoval(object))
        kind.hooks.prepareForDelete(&object, Fixture.context)
        #expect(object["status"] == ["phase": "Terminating"])
        object["spec", "finalizers"] = []
        #expect(!kind.hooks.holdsRemoval(object))
    }

    @Test func textsOfASecretBecomeData() throws {
        let secret = try defaulted(
            ["data": ["a": "eA=="], "stringData": ["a": "hi", "b": "", "c": "abc", "d": "abcd"]], .secrets)
        #expect(secret["data"] == ["a": "aGk=", "b": "", "c": "YWJj", "d": "YWJjZA=="])
        #expect(secret["stringData"] == nil)
    }

    @Test func nodeMayUseWhatItHas() throws {
        let node = try defaulted(["status": ["capacity": ["cpu": "4"]]], .nodes)
        #expect(node["status"]?["allocatable"] == ["cpu": "4"])
    }

    @Test(arguments: [
        (#"{}"#, "BestEffort"), (#"{"requests":{"cpu":"1"}}"#, "Burstable"),
        (#"{"limits":{"cpu":"1","memory":"1Gi"}}"#, "Guaranteed"),
        (#"{"limits":{"cpu":"1"}}"#, "Burstable"),
        (#"{"limits":{"cpu":"1","memory":"1Gi"},"requests":{"cpu":"500m"}}"#, "Burstable"),
        (#"{"limits":{"example.com/gpu":"1"}}"#, "BestEffort"),
    ])
    func newPodIsPendingWithItsClass(resources: String, qosClass: String) throws {
        let kind = try Fixture.kind(.pods)
        var pod = Fixture.defaulted(.pod.with("spec.containers.0.resources", try json(resources)), kind)
        kind.hooks.prepareForCreate(&pod, Fixture.context)
        #expect(pod["status"] == ["phase": "Pending", "qosClass": .string(qosClass)])
    }

    @Test func gatedPodSaysSo() throws {
        let kind = try Fixture.kind(.pods)
        var pod = Value.pod.with("spec.schedulingGates", [["name": "wait"]])
        kind.hooks.prepareForCreate(&pod, Fixture.context)
        #expect(PodView(pod).status.conditions.condition("PodScheduled")?.reason == "SchedulingGated")
    }

    @Test(
        arguments: [
            ("n", "Running", 30, nil, 30), ("n", "Running", 30, 5, 5), ("n", "Running", -7, nil, 1),
            ("n", "Running", 30, 0, 0), ("", "Pending", 30, nil, 0), ("n", "Failed", 30, 9, 0),
            ("n", "Succeeded", 30, nil, 0),
        ] as [(String, String, Int64, Int?, Int)])
    func podGetsTimeToStop(node: String, phase: String, own: Int64, requested: Int?, expected: Int) throws {
        let pod = Value.pod.with("spec.nodeName", .string(node)).with("status.phase", .string(phase))
            .with("spec.terminationGracePeriodSeconds", .integer(own))
        #expect(try Fixture.kind(.pods).hooks.gracePeriod(pod, requested) == expected)
    }

    @Test(arguments: [[UInt8](), [0], [0, 255], [1, 2, 3], Array(0...255)])
    func base64RoundTrips(bytes: [UInt8]) {
        #expect(Base64.bytes(Base64.text(bytes)) == bytes)
    }

    @Test(arguments: ["a", "abc=d", "====", "ab!="])
    func badBase64IsRefused(text: String) { #expect(Base64.bytes(text) == nil) }
}
