using HunyuanOrleans.Engine;
using HunyuanOrleans.Engine.Scheduling;
using HunyuanOrleans.Engine.Speculation;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Model.Checkpoints.Gguf;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Quantization;
using HunyuanOrleans.Model.Simulation;
using HunyuanOrleans.TestSupport;

namespace HunyuanOrleans.Cluster.Tests.Support;

/// <summary>A checkpoint of the tests' data, or the demo model, and how a cluster loads and schedules it.</summary>
/// <param name="Folder">The checkpoint's folder under tests/data/models, or <see cref="Demo"/>.</param>
/// <param name="Mode">The arithmetic.</param>
/// <param name="Kv">The format of keys and values; null for the mode's own.</param>
/// <param name="Quant">The format of the weights; null for the checkpoint's own.</param>
/// <param name="Purpose">Tells models apart that differ in nothing else: each has a scheduler and statistics of its own.</param>
internal sealed record TestModel(string Folder, ComputeMode Mode = ComputeMode.F32, KvFormat? Kv = null, QuantFormat? Quant = null, string? Purpose = null)
{
    public const string Demo = "demo-model";

    /// <summary>Hunyuan-Large's config without weights, for simulated devices.</summary>
    public const string Large = "hunyuan-large";

    /// <summary>The demo model with a chat template that begins each answer with reasoning.</summary>
    public const string Thinking = "thinking";

    /// <summary>The model with eight experts for a token in a GGUF file of 8-bit blocks, without a tokenizer.</summary>
    public const string Gguf = "gguf";

    private static readonly Lazy<string> GgufFile = new(CreateGgufFile);

    private static readonly Lazy<string> ThinkingFolder = new(CreateThinkingFolder);

    private static readonly Lazy<string> LargeFolder = new(CreateLargeFolder);

    /// <summary>Positions that keys and values are kept for.</summary>
    public const int KvTokens = 4096;

    /// <summary>How many requests may wait. Default 1000.</summary>
    public int QueueLength { get; init; } = 1000;

    /// <summary>How far tokens are guessed ahead. Default: as far as it pays.</summary>
    public SpeculationOptions Speculation { get; init; } = new();

    /// <summary>The name by which a cluster serves the model. Default: made of the parameters, so that models with different parameters have different names.</summary>
    public string Name
    {
        get => field ?? string.Join(' ', ((string?[])[Folder, $"{Mode}", $"{Quant}", Kv is null ? null : $"kv {Kv}", Purpose]).Where(static part => !string.IsNullOrEmpty(part)));
        init;
    }

    /// <summary>The device that computes; null for the CPU.</summary>
    public DeviceChoice? Device { get; init; }

    /// <summary>The device that is simulated; null if this machine computes.</summary>
    public SimulationOptions? Simulation { get; init; }

    public string Directory => Folder switch
    {
        Demo => TestPaths.DemoModel,
        Large => LargeFolder.Value,
        Thinking => ThinkingFolder.Value,
        Gguf => GgufFile.Value,
        _ => Path.Combine(TestPaths.Data, "models", Folder),
    };

    public ModelConfig Config => ModelConfig.Load(Directory);

    public int VocabularySize => Config.VocabSize;

    public ModelOptions Options => new()
    {
        Mode = Mode,
        Kv = Kv,
        Quant = Quant,
        Device = Device,
        Threads = 1,
        PinThreads = false,
        KvTokens = KvTokens,
        MaxBatchTokens = 128,
        StepsInFlight = 3,
        MaxLogitRows = 64,
    };

    public ModelSettings Settings => new()
    {
        Name = Name,
        Directory = Directory,
        Options = Options,
        Simulation = Simulation,
        Engine = new EngineOptions { Scheduler = new SchedulerOptions { QueueLength = QueueLength, DecodeSteps = 3, Speculation = Speculation } },
    };

    /// <summary>The folders of all checkpoints in the tests' data.</summary>
    public static IEnumerable<string> Folders() =>
        System.IO.Directory.GetDirectories(Path.Combine(TestPaths.Data, "models")).Select(static folder => Path.GetFileName(folder)).Order();

    private static string CreateGgufFile()
    {
        TempFolder folder = new();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => folder.Dispose();
        GgufConversion.ToFile(Path.Combine(TestPaths.Data, "models", "tiny-top8-nocla"), folder.File("model.gguf"), "q8_0", vocabulary: null);
        return folder.File("model.gguf");
    }

    private static string CreateThinkingFolder()
    {
        TempFolder folder = TempFolder.CopyOf(TestPaths.DemoModel);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => folder.Dispose();
        folder.Write("chat_template.jinja", "{{ messages[-1].content }}{{ '<think>\\n' }}");
        return folder.Root;
    }

    private static string CreateLargeFolder()
    {
        string folder = System.IO.Directory.CreateTempSubdirectory("hunyuan-large-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => System.IO.Directory.Delete(folder, recursive: true);
        File.Copy(Path.Combine(TestPaths.Data, "configs", Large + ".json"), Path.Combine(folder, "config.json"));
        return folder;
    }
}
