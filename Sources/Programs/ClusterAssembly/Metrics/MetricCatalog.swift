internal import MetricsExposition

/// Every metric there is, with its help and, for histograms, upstream's buckets. Names and labels are upstream's, so that
/// dashboards and alerts work; what is Ordinal's own begins with `ordinal_`.
enum MetricCatalog {
    static let descriptions: [String: MetricDescription] = [apiServer, controllers, scheduler, node, process]
        .reduce(into: [:]) { all, part in all.merge(part) { first, _ in first } }

    private static let apiServer: [String: MetricDescription] = [
        "apiserver_request_total": MetricDescription("Requests answered, by what they asked for and the code."),
        "apiserver_request_duration_seconds": MetricDescription(
            "Time from a request to its answer in seconds; watches count until they begin.",
            buckets: [
                0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
            ]),
        "apiserver_longrunning_requests": MetricDescription("Watches that go on, by what they watch."),
        "apiserver_current_inflight_requests": MetricDescription(
            "Requests being answered that take a place among those in flight."),
        "apiserver_resource_objects": MetricDescription("Stored objects by kind; -1 when they cannot be counted."),
    ]

    private static let queueBuckets = MetricDescription.exponentialBuckets(from: 1e-8, factor: 10, count: 10)
    private static let controllers: [String: MetricDescription] = [
        "workqueue_adds_total": MetricDescription("Keys added to a work queue."),
        "workqueue_retries_total": MetricDescription("Keys added again after a failure."),
        "workqueue_depth": MetricDescription("Keys that wait in a work queue."),
        "workqueue_queue_duration_seconds": MetricDescription(
            "How long a key waited before it was worked on, in seconds.", buckets: queueBuckets),
        "workqueue_work_duration_seconds": MetricDescription(
            "How long the work on a key took, in seconds.", buckets: queueBuckets),
        "workqueue_unfinished_work_seconds": MetricDescription("Time spent so far on keys that are being worked on."),
        "workqueue_longest_running_processor_seconds": MetricDescription(
            "Time spent so far on the key that is being worked on for longest."),
        "statefulset_controller_statefulset_max_unavailable": MetricDescription(
            "How many pods of a set may be unavailable during a rolling update."),
        "statefulset_controller_statefulset_unavailable_replicas": MetricDescription(
            "How many pods of a set are missing or not available."),
    ]

    private static let scheduler: [String: MetricDescription] = [
        "scheduler_schedule_attempts_total": MetricDescription("Attempts to place a pod, by result."),
        "scheduler_scheduling_attempt_duration_seconds": MetricDescription(
            "Time of an attempt to place a pod, with its binding, in seconds.",
            buckets: MetricDescription.exponentialBuckets(from: 0.001, factor: 2, count: 15)),
        "scheduler_pending_pods": MetricDescription("Pods that wait for a node, by queue."),
    ]

    private static let node: [String: MetricDescription] = [
        "kubelet_running_pods": MetricDescription("Pods of a node whose sandbox runs."),
        "kubelet_running_containers": MetricDescription("Containers of a node by state."),
    ]

    private static let process: [String: MetricDescription] = [
        "process_cpu_seconds_total": MetricDescription("Processor time of this process in seconds."),
        "process_resident_memory_bytes": MetricDescription("Resident memory in bytes."),
        "process_virtual_memory_bytes": MetricDescription("Virtual memory in bytes."),
        "process_start_time_seconds": MetricDescription("When the process began, in seconds since 1970."),
        "process_open_fds": MetricDescription("Open file descriptors."),
        "process_max_fds": MetricDescription("How many file descriptors may be open."),
        "kubernetes_build_info": MetricDescription("The Kubernetes version whose API is served."),
        "ordinal_build_info": MetricDescription("The version of Ordinal."),
        "ordinal_metrics_dropped_series_total": MetricDescription(
            "Sets of labels that were not kept because a metric had too many."),
    ]
}
