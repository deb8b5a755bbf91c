internal import ControllerRuntime

extension Controllers {
    static func garbageCollection(_ setting: Setting) -> [any ControlLoop] {
        let events = setting.recorder("garbage-collector-controller")
        let loops = GarbageCollector.loops(
            resources: setting.resources(), client: setting.client, events: events, clock: setting.clock,
            metrics: setting.metrics, logger: setting.logger)
        return loops + [events]
    }
}
