import ControllerRuntime
import Controllers
import Kinds
import ObjectModel
import Testing

@Suite struct EndpointsReconcilerTests {
    private let now = Timestamp(seconds: 1_800_000_000)

    private func service(_ spec: [String: Value] = [:]) -> CachedObject<ServiceView> {
        var service: Value = [
            "metadata": ["name": "nginx", "namespace": "ns", "uid": "s", "resourceVersion": "1"],
            "spec": [
                "clusterIP": "None", "selector": ["app": "web"],
                "ports": [["name": "web", "port": 80, "targetPort": "http"]],
            ],
        ]
        for (key, value) in spec { service["spec", key] = value }
        return CachedObject(service)
    }

    private func pod(
        _ number: Int, isReady: Bool = true, phase: String = "Running", isTerminating: Bool = false, port: Int64 = 8080
    ) -> CachedObject<PodView> {
        var pod: Value = [
            "metadata": [
                "name": .string("web-\(number)"), "namespace": "ns", "uid": .string("p\(number)"),
                "resourceVersion": "1", "labels": ["app": "web"],
            ],
            "spec": [
                "hostname": .string("web-\(number)"), "subdomain": "nginx", "nodeName": "n1",
                "containers": [["name": "c", "ports": [["name": "http", "containerPort": .integer(port)]]]],
            ],
            "status": [
                "phase": .string(phase), "podIP": .string("10.0.\(number / 250).\(number % 250)"),
                "conditions": [["type": "Ready", "status": .string(isReady ? "True" : "False")]],
            ],
        ]
        if isTerminating { pod["metadata", "deletionTimestamp"] = "2026-01-01T00:00:00Z" }
        return CachedObject(pod)
    }

    private func written(
        _ service: CachedObject<ServiceView>, _ pods: [CachedObject<PodView>],
        slices: [CachedObject<EndpointSliceView>] = [], endpoints: CachedObject<EndpointsView>? = nil
    ) -> (slices: [Value], endpoints: [Value], actions: [Action]) {
        let plan = EndpointsReconciler().reconcile(
            .init(service: service, pods: pods, endpoints: endpoints, slices: slices), at: now)
        var result: (slices: [Value], endpoints: [Value], actions: [Action]) = ([], [], plan.actions)
        for case .create(let resource, let object, _) in plan.actions {
            if resource == .endpointSlices { result.slices.append(object) } else { result.endpoints.append(object) }
        }
        return result
    }

    private func stored(_ object: Value, _ name: String) -> Value {
        var object = object
        object["metadata", "name"] = .string(name)
        object["metadata", "uid"] = .string("uid-\(name)")
        object["metadata", "resourceVersion"] = "5"
        return object
    }

    @Test func aHeadlessServiceListsPodsWithTheirNames() throws {
        let result = written(service(), [pod(0), pod(1, isReady: false)])
        let slice = try #require(result.slices.first)
        let view = EndpointSliceView(slice)
        #expect(view.endpoints.map(\.hostname) == ["web-0", "web-1"])
        #expect(view.endpoints.map(\.isReady) == [true, false])
        #expect(view.ports.first?.port == 8080)
        #expect(slice.labels["kubernetes.io/service-name"] == "nginx")
        #expect(slice.labels["endpointslice.kubernetes.io/managed-by"] == "endpointslice-controller.k8s.io")
        #expect(slice.labels["service.kubernetes.io/headless"] == "")
        #expect(slice["metadata", "generateName"]?.string == "nginx-")
        let endpoints = EndpointsView(try #require(result.endpoints.first))
        #expect(endpoints.subsets.first?.addresses.map(\.hostname) == ["web-0"])
        #expect(endpoints.subsets.first?.notReadyAddresses.map(\.hostname) == ["web-1"])
    }

    @Test func unreadyPodsCountWhenTheServicePublishesThem() throws {
        let result = written(service(["publishNotReadyAddresses": true]), [pod(0, isReady: false)])
        let slice = try #require(result.slices.first)
        let endpoint = try #require(EndpointSliceView(slice).endpoints.first)
        #expect(endpoint.isReady && !endpoint.isServing)
        #expect(EndpointsView(try #require(result.endpoints.first)).subsets.first?.addresses.count == 1)
    }

    @Test func terminatingPodsServeButAreNotReadyAndEndedOnesAreLeftOut() throws {
        let result = written(service(), [pod(0, isTerminating: true), pod(1, phase: "Succeeded")])
        let endpoints = EndpointSliceView(try #require(result.slices.first)).endpoints
        #expect(endpoints.count == 1)
        #expect(endpoints[0].isTerminating && endpoints[0].isServing && !endpoints[0].isReady)
        #expect(EndpointsView(try #require(result.endpoints.first)).subsets.isEmpty)
    }

    @Test func aSliceHoldsAtMostAHundred() {
        let result = written(service(), (0..<250).map { pod($0) })
        #expect(result.slices.map { EndpointSliceView($0).endpoints.count } == [100, 100, 50])
        #expect(Set(result.slices.flatMap { EndpointSliceView($0).endpoints.flatMap(\.addresses) }).count == 250)
    }

    @Test func podsWithOtherPortsGetTheirOwnSlice() {
        let result = written(service(), [pod(0), pod(1, port: 9090)])
        #expect(Set(result.slices.compactMap { EndpointSliceView($0).ports.first?.port }) == [8080, 9090])
    }

    @Test func noPodsMakeOneEmptySlice() {
        let result = written(service(), [])
        #expect(result.slices.count == 1)
        #expect(EndpointSliceView(result.slices[0]).endpoints.isEmpty)
    }

    @Test func whatIsRightIsNotWrittenAgain() throws {
        let pods = (0..<150).map { pod($0) }
        let first = written(service(), pods)
        let slices = first.slices.enumerated().map {
            CachedObject<EndpointSliceView>(stored($1, "nginx-\($0)"))
        }
        let endpoints = CachedObject<EndpointsView>(stored(try #require(first.endpoints.first), "nginx"))
        #expect(written(service(), pods, slices: slices, endpoints: endpoints).actions.isEmpty)
    }

    @Test func oneChangedPodRewritesOneSlice() throws {
        var pods = (0..<150).map { pod($0) }
        let first = written(service(), pods)
        let slices = first.slices.enumerated().map {
            CachedObject<EndpointSliceView>(stored($1, "nginx-\($0)"))
        }
        pods[120] = pod(120, isReady: false)
        let patches = written(service(), pods, slices: slices).actions.compactMap { action -> String? in
            if case .patch(let patch) = action { patch.key.name } else { nil }
        }
        #expect(patches == ["nginx-1"])
    }

    @Test func anEmptySliceIsFilledWhenPodsCome() {
        let empty = CachedObject<EndpointSliceView>(stored(written(service(), []).slices[0], "nginx-0"))
        let result = written(service(), [pod(0)], slices: [empty])
        #expect(result.slices.isEmpty)
    }

    @Test func endpointsOfAServiceThatIsGoneAreDeleted() {
        let made = written(service(), [pod(0)]).endpoints[0]
        let plan = EndpointsReconciler().reconcile(
            .init(service: nil, endpoints: CachedObject(stored(made, "nginx"))), at: now)
        #expect(plan.actions.count == 1)
    }

    @Test func servicesWithoutASelectorAreLeftAlone() {
        #expect(written(service(["selector": [:]]), [pod(0)]).actions.isEmpty)
    }
}
