using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Model.Loading;

namespace HunyuanOrleans.Silo.Settings;

/// <summary>What this silo is, what it holds of a model, and where it listens. How silos find each other is in <see cref="ClusteringSettings"/>.</summary>
public sealed class SiloSettings
{
    /// <summary>Name, unique among the silos; ties between equal silos are broken by it. Default: the machine's name and the silo port.</summary>
    [Flag("name", "name, unique among the silos", "the machine's name and the silo port")]
    public string? Name { get; set; }

    /// <summary>What it may hold of a model. Default any. Others narrow it: attention shards, expert groups, or nothing (gateway).</summary>
    [Flag("role", "any, attention, experts or gateway", "any")]
    public SiloRole Role { get; set; } = SiloRole.Any;

    /// <summary>Folder of the model, the same model on every silo. Default none: the silo joins the cluster and serves no model.</summary>
    [Flag("model", "folder of the model, or its GGUF file", "none")]
    public string? Model { get; set; }

    /// <summary>Name of the model in requests. Default: the name of its folder.</summary>
    [Flag("model-name", "name of the model in requests", "the name of its folder")]
    public string? ModelName { get; set; }

    /// <summary>How answers mark the model's reasoning: auto, none, hunyuan or hy_v3. Default: Server:ReasoningParser, which is auto.</summary>
    [Flag("reasoning-parser", "how answers over HTTP mark the model's reasoning: auto (as its chat template tells), none, hunyuan or hy_v3", "auto")]
    public string? ReasoningParser { get; set; }

    /// <summary>
    /// Form of the weights, the same on every silo: none, int8, int8-all, int4, int4-all or fp8. Default: as the checkpoint is stored. Smaller
    /// forms take less memory and answer faster; docs/operating.md has the figures.
    /// </summary>
    [Flag("quant", "form of the weights, the same on every silo: none, int8, int8-all, int4, int4-all, fp8", "as stored")]
    public string? Quant { get; set; }

    /// <summary>
    /// Kind of device, which decides the speed that the silo announces; see <see cref="DeviceCatalog"/>. Default cpu. A name after "simulated:", or
    /// simulated:BYTES_PER_S,FLOPS,LOAD_BYTES_PER_S, simulates the device: nothing is computed, and the tokens are hashes. With cuda:N, the N-th GPU of the
    /// machine computes.
    /// </summary>
    [Flag("device", "cuda:N computes on a GPU; h200, h100, h20, a100, l40s or cpu state the speed of a silo; simulated:NAME simulates one", "cpu")]
    public string Device { get; set; } = "cpu";

    /// <summary>
    /// Whether silos with other instruction sets and kinds of devices share the model, the same on every silo. Default false: the tokens of an answer then
    /// depend on the silos that computed it, and may change when a silo is lost.
    /// </summary>
    [Flag("mix-devices", "whether silos with other instruction sets and devices share the model; tokens then depend on the silos", "false")]
    public bool MixDevices { get; set; }

    /// <summary>How unevenly a simulated device chooses experts, the same on every silo. Default 0: all alike.</summary>
    [Flag("expert-skew", "how unevenly a simulated device chooses experts; 0: all alike", "0")]
    public double ExpertSkew { get; set; }

    /// <summary>
    /// Memory for weights and K/V, such as 80GB or 74.5GiB. Default: four fifths of what this process may use; of a simulated device or
    /// a GPU, all of its free memory that its buffers leave. More takes a larger share of the model. If there is less than this, the process ends when it loads its share.
    /// </summary>
    [Flag("memory", "memory for weights and K/V, such as 80GB", "4/5 of this machine's, or a GPU's or simulated device's without its buffers")]
    public string? Memory { get; set; }

    /// <summary>
    /// LoRA adapters that requests can name instead of the model, each a name and a folder, separated by semicolons. Default none. An adapter that one silo was
    /// started with is served by all, which read its folder or one of their own with the same content.
    /// </summary>
    [Flag("lora", "a LoRA adapter, which requests name as their model: a name and the folder, as PEFT writes it; it may be given several times", "none", Repeats = true, Placeholder = "NAME=DIR")]
    public string? Lora { get; set; }

    /// <summary>
    /// The part of the memory that adapters may take. Default: an eighth of it, at most 4 GiB, if adapters are given, else none. Adapters that were not used for the
    /// longest time make room; with less, they are loaded again more often. Without memory for adapters, none can be loaded later.
    /// </summary>
    [Flag("lora-memory", "the part of the memory that adapters may take, such as 2GB; needed to load adapters later", "1/8 of --memory, at most 4GiB, with --lora; else none")]
    public string? LoraMemory { get; set; }

    /// <summary>Location of the silo, such as a rack: neighbouring layers are placed on silos of one zone. Default: no zone.</summary>
    [Flag("zone", "location such as a rack; neighbouring layers are placed in one zone", "none")]
    public string Zone { get; set; } = "";

    /// <summary>Threads that compute. Default 0: one for each CPU this process may use. More threads than CPUs are slower.</summary>
    [Flag("threads", "threads that compute; 0: one per CPU", "0")]
    public int Threads { get; set; }

    /// <summary>Whether those threads are bound to CPUs. Default true; turn it off if several processes share the CPUs.</summary>
    [Flag("pin-threads", "whether the threads are bound to CPUs", "true")]
    public bool PinThreads { get; set; } = true;

    /// <summary>Positions the K/V pool holds over all sequences, the same on every silo. Default 65536. More takes memory and lets more run at once.</summary>
    [Flag("kv-tokens", "positions of the K/V pool, the same on every silo", "65536")]
    public int KvTokens { get; set; } = 65536;

    /// <summary>The longest context in tokens, the same on every silo. Default 0: the config's max_position_embeddings.</summary>
    [Flag("max-model-len", "longest context in tokens, the same on every silo; 0: that of config.json", "0")]
    public int MaxModelLen { get; set; }

    /// <summary>How keys and values are stored, the same on every silo. Default bf16; int8 and fp8 hold about twice the positions in the same memory.</summary>
    [Flag("kv", "how keys and values are stored, the same on every silo: bf16, int8 or fp8", "bf16")]
    public string Kv { get; set; } = "bf16";

    /// <summary>
    /// Most tokens of a step, the same on every silo. Default 512. More speeds prompts up slightly, lets answers wait longer beside them, and takes memory
    /// for the rows of a step; <c>hunyuan plan</c> shows how much.
    /// </summary>
    [Flag("max-batch-tokens", "most tokens of a step, the same on every silo", "512")]
    public int MaxBatchTokens { get; set; } = 512;

    /// <summary>
    /// Most sequences that are computed at once, the same on every silo; others wait. Default: 256, at most <see cref="MaxBatchTokens"/>. More gives more
    /// tokens per second in total, each answer more slowly, and takes memory for logits; <c>hunyuan plan</c> shows how much.
    /// </summary>
    [Flag("max-sequences", "most sequences computed at once, the same on every silo", "256, at most --max-batch-tokens")]
    public int? MaxSequences { get; set; }

    /// <summary>
    /// Most steps that are computed at once, each in another stage of the route or with its rows on the way. Default 16. The scheduler uses as many as the
    /// route has stages, and one more. The value of the scheduler's silo counts; on others, further steps wait. Each takes memory for its rows; <c>hunyuan plan</c> shows how much. 1 computes one step after the other.
    /// </summary>
    [Flag("steps-in-flight", "most steps computed at once", "16")]
    public int StepsInFlight { get; set; } = ModelOptions.DefaultStepsInFlight;

    /// <summary>
    /// Number of steps in flight in which sequences are decoded; further ones compute only prompts. Default: as many as the plan estimates to be fastest. Each
    /// step reads weights anew, so few are faster where reading takes the time, and many where arithmetic does. The silo that schedules decides.
    /// </summary>
    [Flag("decode-steps", "number of these steps that decode; the others compute only prompts", "as many as the plan estimates to be fastest")]
    public int? DecodeSteps { get; set; }

    /// <summary>
    /// Most tokens that a step guesses ahead of an answer from the text so far, and verifies together. Default auto: up to 16, as far as it pays; off, or a
    /// fixed number. Changes the speed of answers and none of their tokens. The silo that schedules decides.
    /// </summary>
    [Flag("speculative-tokens", "most tokens guessed per step from the text so far: auto (as many as pay), off, or 1 to 64", "auto")]
    public string SpeculativeTokens { get; set; } = "auto";

    /// <summary>
    /// Guesses of the model's own layer for multi-token prediction. Only off: a cluster does not load that layer, and serves models that have one without
    /// it. <c>hunyuan serve</c> runs it.
    /// </summary>
    [Flag("mtp-tokens", "tokens guessed per step with the model's MTP layer: only off on silos, hunyuan serve has more", "off")]
    public string MtpTokens { get; set; } = "off";

    /// <summary>Folder for packed copies of weights, which make later starts fast and take as much disk. Default none.</summary>
    [Flag("packed-cache", "folder for packed copies of weights", "none")]
    public string? PackedCache { get; set; }

    /// <summary>TCP port for calls from other silos. Default 11111.</summary>
    [Flag("silo-port", "TCP port for calls from other silos", "11111")]
    public int SiloPort { get; set; } = 11111;

    /// <summary>TCP port for calls from cluster clients. Default 30000; 0 accepts no clients.</summary>
    [Flag("gateway-port", "TCP port for calls from cluster clients; 0: none", "30000")]
    public int GatewayPort { get; set; } = 30000;

    /// <summary>
    /// Address or host name at which others reach this silo. Default: the loopback address with localhost clustering, else this machine's first
    /// network address.
    /// </summary>
    [Flag("advertised-address", "address or host name at which others reach this silo", "the machine's first address, loopback with localhost clustering")]
    public string? AdvertisedAddress { get; set; }

    /// <summary>Addresses that serve HTTP, separated by semicolons. Default http://127.0.0.1:8080; http://0.0.0.0:8080 serves other machines too.</summary>
    [Flag("urls", "addresses that serve HTTP, separated by semicolons", "http://127.0.0.1:8080")]
    public string Urls { get; set; } = "http://127.0.0.1:8080";

    /// <summary>
    /// Seconds a stopping silo may take to finish requests and hand over its share. Default 30. A longer grace lets other silos load larger shares first.
    /// Two seconds after it the process ends in any case, so a process manager should wait longer than that before it kills.
    /// </summary>
    [Flag("shutdown-grace", "seconds for finishing and handing over on stop", "30")]
    public double ShutdownGraceSeconds { get; set; } = 30;

    /// <summary>Seconds a grain call may take unless the call sets its own limit. Default 30. Lower finds lost calls sooner and gives up slow ones.</summary>
    [Flag("response-timeout", "seconds a grain call may take", "30")]
    public double ResponseTimeoutSeconds { get; set; } = 30;

    /// <summary>Seconds a step may fail, over all attempts, before its requests end with an error. Default 60; loading at the speed of the silos does not count.</summary>
    [Flag("step-deadline", "seconds a step may fail, beyond the time that loading takes, before its requests end with an error", "60")]
    public double StepDeadlineSeconds { get; set; } = 60;

    /// <summary>
    /// Seconds a request over HTTP may wait for the model's scheduler to respond, over all attempts, before it ends with an error. Default 120; longer than
    /// the step deadline. The cluster must recover from the loss of a silo meanwhile.
    /// </summary>
    [Flag("request-deadline", "seconds a request may wait for the model's scheduler to respond, over all attempts, before it ends with an error", "120")]
    public double RequestDeadlineSeconds { get; set; } = 120;

    /// <summary>Seconds without a step after which a silo forgets a session and frees its blocks. Default 600.</summary>
    [Flag("session-idle", "seconds without a step after which a session's blocks are freed", "600")]
    public double SessionIdleSeconds { get; set; } = 600;

    /// <summary>
    /// Silos that the first plan waits for, the same on every silo. Default 1. With the number of silos that are started together, each loads its final
    /// share at once.
    /// </summary>
    [Flag("min-silos", "silos that the first plan waits for, the same on every silo", "1")]
    public int MinSilos { get; set; } = 1;

    /// <summary>
    /// Seconds between checks of the experts' load, which copy hot experts if memory allows. Default 0: never. A check is left out until the copies of the last one
    /// are in use.
    /// </summary>
    [Flag("rebalance", "seconds between checks for hot experts, which are copied if memory allows; 0: never", "0")]
    public double RebalanceSeconds { get; set; }

    /// <summary>
    /// Speed of a network that the connections between silos simulate, the same on every silo: a latency (one way) and a bandwidth (each direction between
    /// two silos), such as 25us,12.5GB/s. Default none: connections are as fast as they are.
    /// </summary>
    [Flag("link", "simulates a network between silos: LATENCY[,BANDWIDTH], such as 25us,12.5GB/s; the same on every silo", "none")]
    public string? Link { get; set; }

    /// <summary>How long simulated things take, the same on every silo. Default 1; 0.1 makes them ten times faster.</summary>
    [Flag("time-scale", "how long simulated things take: 0.1 makes them ten times faster; the same on every silo", "1")]
    public double TimeScale { get; set; } = 1;

    /// <summary>Address of an OpenTelemetry collector, OTLP over gRPC. Default none: nothing is exported.</summary>
    [Flag("otlp-endpoint", "OpenTelemetry collector, such as http://localhost:4317", "none")]
    public string? OtlpEndpoint { get; set; }

    /// <summary>Whether log records are sent to the collector as well as metrics and traces. Default false.</summary>
    [Flag("otlp-logs", "whether log records are sent to the collector as well", "false")]
    public bool OtlpLogs { get; set; }
}
