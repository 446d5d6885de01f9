using System.Text.Json;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Quantization;
using HunyuanOrleans.TestSupport;
using HunyuanOrleans.Train.Checkpoints;
using HunyuanOrleans.Train.Optimization;
using HunyuanOrleans.Train.Parameters;
using Xunit;

namespace HunyuanOrleans.Train.Tests;

/// <summary>Whole runs: their files, and that a run which continues from a checkpoint gives the same bits as one that was never stopped.</summary>
public sealed class RunTests
{
    private const string Lines = """
        {"input_ids":[1,30,39,31,27,39,50,12],"labels":[-100,-100,-100,31,27,39,50,12]}
        {"input_ids":[1,195,163,400,94,501,46],"labels":[-100,-100,163,400,94,501,46]}
        {"input_ids":[1,386,180,337,502],"labels":[1,386,180,337,502]}
        {"input_ids":[1,435,226,489,103,503,500,353],"labels":[-100,435,226,489,103,503,500,353]}
        {"input_ids":[1,71,81,21],"labels":[-100,71,81,21]}
        """;

    [Theory]
    [InlineData("tiny-cla", true, false)]
    [InlineData("tiny-cla", true, true)]
    [InlineData("tiny-noqknorm", false, false)]
    [InlineData("tiny-dense", false, true)]
    [InlineData("tiny-hy3", true, true)]
    [InlineData("tiny-hy3", false, false)]
    public void A_run_that_continues_gives_the_same_bits(string model, bool lora, bool recompute)
    {
        using TempFolder temp = new();
        string data = temp.Write("data.jsonl", Lines);
        TrainOptions options = Options(model, data, temp.File("whole")) with
        {
            Lora = lora ? new LoraSettings { Rank = 4, Alpha = 8, Dropout = 0.2, Targets = LoraSettings.AllTargets } : null,
            Mode = lora ? ComputeMode.Bf16 : ComputeMode.F32,
            Recompute = recompute,
            EvalSplit = 0.2,
            SaveSteps = 3,
        };
        Run(options with { JsonLog = temp.File("whole.jsonl") });

        TrainOptions other = options with { OutputFolder = temp.File("parts"), JsonLog = temp.File("parts.jsonl"), Threads = 1 };
        StopAfter(other, step: 4);
        Assert.EndsWith("checkpoint-3", CheckpointFolder.Newest(other.OutputFolder), StringComparison.Ordinal);
        Run(other with { ResumeFrom = "" });
        Assert.Equal(File.ReadAllText(temp.File("whole.jsonl")), File.ReadAllText(temp.File("parts.jsonl")));
        string result = lora ? "adapter_model.safetensors" : "model.safetensors";
        Assert.Equal(File.ReadAllBytes(Path.Combine(options.OutputFolder, result)), File.ReadAllBytes(Path.Combine(other.OutputFolder, result)));
        Assert.Equal(File.ReadAllBytes(Path.Combine(options.OutputFolder, "best", result)), File.ReadAllBytes(Path.Combine(other.OutputFolder, "best", result)));
    }

    [Fact]
    public void All_weights_of_hy_v3_are_trained_under_the_published_names_only()
    {
        using TempFolder temp = new();
        TrainOptions options = Options("tiny-hy3-outer", temp.Write("data.jsonl", Lines), temp.File("out"));
        string error = Assert.Throws<ModelException>(() => Run(options)).Message;
        Assert.Contains("has no tensor model.layers.1.mlp.router.gate.weight", error, StringComparison.Ordinal);
        Run(options with { Lora = new LoraSettings { Rank = 4, Alpha = 8, Targets = LoraSettings.AllTargets } });
        Assert.True(File.Exists(Path.Combine(options.OutputFolder, "adapter_model.safetensors")));
    }

    [Fact]
    public void Results_of_an_earlier_run_are_not_mixed_with_a_new_one_and_the_base_model_is_kept()
    {
        using TempFolder temp = new();
        TrainOptions options = Options("tiny-dense", temp.Write("data.jsonl", Lines), temp.File("out")) with { MaxSteps = 1 };
        Directory.CreateDirectory(temp.File("out"));
        foreach (string old in new[] { "model.safetensors.index.json", "model-00001-of-00002.safetensors", "adapter_config.json", "adapter_model.safetensors", "notes.txt" })
        {
            File.WriteAllText(Path.Combine(temp.File("out"), old), "old");
        }

        Run(options with { Overwrite = true });
        Assert.False(File.Exists(Path.Combine(temp.File("out"), "adapter_config.json")));
        Assert.Equal(["model.safetensors"], Directory.GetFiles(temp.File("out"), "*.safetensors*").Select(Path.GetFileName));
        Assert.True(File.Exists(Path.Combine(temp.File("out"), "notes.txt")));

        TrainOptions again = options with { Model = temp.File("out"), OutputFolder = temp.File("out") + "/", Overwrite = true };
        Assert.Contains("the folder of the base model", Assert.Throws<ModelException>(() => Run(again)).Message, StringComparison.Ordinal);

        // An adapter that the run starts from is not deleted as an earlier result.
        TrainOptions lora = options with { OutputFolder = temp.File("lora"), Lora = new LoraSettings { Rank = 2 } };
        Run(lora);
        again = lora with { InitAdapter = lora.OutputFolder + "/", Overwrite = true };
        Assert.Contains("the folder of the first adapter", Assert.Throws<ModelException>(() => Run(again)).Message, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(lora.OutputFolder, "adapter_model.safetensors")));
    }

    [Fact]
    public void A_run_does_not_continue_with_other_settings()
    {
        using TempFolder temp = new();
        TrainOptions options = Options("tiny-dense", temp.Write("data.jsonl", Lines), temp.File("out")) with { SaveSteps = 3, SaveTotalLimit = 1 };
        Run(options);
        Assert.Equal(["checkpoint-9"], Directory.GetDirectories(options.OutputFolder, "checkpoint-*").Select(Path.GetFileName));
        Assert.Contains("--learning_rate was 0.001 and is 0.002", Error(options with { ResumeFrom = "", LearningRate = 0.002 }), StringComparison.Ordinal);
        Assert.Contains("not empty", Error(options), StringComparison.Ordinal);
        Assert.Contains("other weights", Error(options with { ResumeFrom = "", Model = TestPaths.Model("tiny-noqknorm") }), StringComparison.Ordinal);
        using TempFolder other = TempFolder.CopyOf(TestPaths.Model("tiny-dense"));
        string config = File.ReadAllText(other.File("config.json"));
        Assert.Contains("\"rope_theta\": 50000.0", config, StringComparison.Ordinal);
        File.WriteAllText(other.File("config.json"), config.Replace("\"rope_theta\": 50000.0", "\"rope_theta\": 60000.0", StringComparison.Ordinal));
        Assert.Contains("or another config", Error(options with { ResumeFrom = "", Model = other.Root }), StringComparison.Ordinal);
        Assert.Contains("--eval_data_file", Error(options with { ResumeFrom = "", EvalFile = temp.File("data.jsonl") }), StringComparison.Ordinal);

        // The checkpoint of one folder does not delete what is in another.
        Directory.CreateDirectory(temp.File("other"));
        temp.Write("other/config.json", "{}");
        string checkpoint = Path.Combine(options.OutputFolder, "checkpoint-9");
        Assert.Contains("not empty", Error(options with { ResumeFrom = checkpoint, OutputFolder = temp.File("other") }), StringComparison.Ordinal);
        Assert.True(File.Exists(temp.File("other/config.json")));
        File.AppendAllText(temp.File("data.jsonl"), "\n");
        Assert.Contains("the data file has another content", Error(options with { ResumeFrom = "" }), StringComparison.Ordinal);

        static string Error(TrainOptions options) => Assert.Throws<ModelException>(() => Run(options)).Message;
    }

    [Fact]
    public void Adapters_have_PEFTs_names_and_start_again_from_their_files()
    {
        using TempFolder temp = new();
        string data = temp.Write("data.jsonl", Lines);
        TrainOptions options = Options("tiny-cla", data, temp.File("out")) with { Lora = new LoraSettings { Rank = 2, Alpha = 4, UseRslora = true, Targets = LoraSettings.AllTargets } };
        Run(options);
        List<StoredTensor> tensors = StoredTensors.Read(Path.Combine(options.OutputFolder, "adapter_model.safetensors"));

        // The tensors of the reference adapter of this model: 216 modules, no keys and values in layers that share them.
        Assert.Equal(2 * 216, tensors.Count);
        Assert.Contains(tensors, static t => t.Name == "base_model.model.model.layers.0.self_attn.k_proj.lora_B.weight" && t.Shape.SequenceEqual([16L, 2]));
        Assert.Contains(tensors, static t => t.Name == "base_model.model.model.layers.3.mlp.experts.15.down_proj.lora_A.weight" && t.Shape.SequenceEqual([2L, 96]));
        Assert.DoesNotContain(tensors, static t => t.Name.Contains("layers.1.self_attn.k_proj", StringComparison.Ordinal));
        using JsonDocument config = JsonDocument.Parse(File.ReadAllText(Path.Combine(options.OutputFolder, "adapter_config.json")));
        Assert.Equal("LORA", config.RootElement.GetProperty("peft_type").GetString());
        Assert.Equal((2, 4.0, true), (config.RootElement.GetProperty("r").GetInt32(), config.RootElement.GetProperty("lora_alpha").GetDouble(), config.RootElement.GetProperty("use_rslora").GetBoolean()));

        // The first step of a warm-up has the rate 0, so a run of that step alone writes what it began with.
        TrainOptions again = options with { InitAdapter = options.OutputFolder, OutputFolder = temp.File("again"), MaxSteps = 1, WarmupSteps = 1 };
        Run(again);
        Assert.Equal(File.ReadAllBytes(Path.Combine(options.OutputFolder, "adapter_model.safetensors")), File.ReadAllBytes(Path.Combine(again.OutputFolder, "adapter_model.safetensors")));
        Assert.Contains("r is 2, but this run has 3", Assert.Throws<ModelException>(() => Run(again with { OutputFolder = temp.File("x"), Lora = options.Lora! with { Rank = 3 } })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_continues_over_the_same_weights_and_from_the_same_adapter_only()
    {
        using TempFolder temp = new();
        string data = temp.Write("data.jsonl", Lines);
        LoraSettings lora = new() { Rank = 2, Alpha = 4 };
        TrainOptions first = Options("tiny-dense", data, temp.File("first")) with { Lora = lora, MaxSteps = 2 };
        Run(first);
        TrainOptions options = first with { OutputFolder = temp.File("out"), InitAdapter = first.OutputFolder, Quant = QuantFormat.Int4, MaxSteps = 3, SaveSteps = 2 };
        Run(options);
        byte[] Result() => File.ReadAllBytes(Path.Combine(options.OutputFolder, "adapter_model.safetensors"));
        byte[] whole = Result();
        TrainOptions again = options with { ResumeFrom = "" };
        Run(again);
        Assert.Equal(whole, Result());
        Assert.Contains("--quant was int4 and is int8", Error(again with { Quant = QuantFormat.Int8 }), StringComparison.Ordinal);
        Assert.Contains("--quant was int4 and is none", Error(again with { Quant = null }), StringComparison.Ordinal);
        Assert.Contains("--init_adapter", Error(again with { InitAdapter = null }), StringComparison.Ordinal);
        Assert.Contains("--init_adapter", Error(again with { InitAdapter = options.OutputFolder }), StringComparison.Ordinal);
        Assert.Contains("no such file", Error(again with { InitAdapter = temp.File("none") }), StringComparison.Ordinal);

        static string Error(TrainOptions options) => Assert.Throws<ModelException>(() => Run(options)).Message;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_trained_model_is_a_model_folder(bool attentionOnly)
    {
        using TempFolder temp = new();
        TrainOptions options = Options("tiny-top8-nocla", temp.Write("data.jsonl", Lines), temp.File("out")) with { AttentionOnly = attentionOnly, MaxSteps = 2 };
        Run(options);
        ModelConfig config = ModelConfig.Load(options.OutputFolder);
        using Checkpoint before = Checkpoint.Open(options.Model), after = Checkpoint.Open(options.OutputFolder);
        new Weights(config, after).Validate();
        Assert.Equal("float32", config.TorchDtype);
        List<string> changed = [];
        foreach (TensorView tensor in after.Tensors)
        {
            Assert.True(before.TryGet(tensor.Name, out TensorView old));
            if (old.StoredType != tensor.StoredType)
            {
                changed.Add(tensor.Name);
            }
        }

        Assert.Contains(changed, static name => name.Contains(".self_attn.", StringComparison.Ordinal));
        Assert.Equal(attentionOnly, changed.All(static name => name.Contains(".self_attn.", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_loss_that_is_not_finite_ends_the_run_with_advice()
    {
        using TempFolder temp = new();
        TrainOptions options = Options("tiny-dense", temp.Write("data.jsonl", Lines), temp.File("out")) with
        {
            LearningRate = 10, Schedule = ScheduleKind.Constant, MaxSteps = 400, Optimizer = new OptimizerSettings { MaxGradientNorm = 0, WeightDecay = 10 },
        };
        Assert.Contains("lower learning rate", Assert.Throws<ModelException>(() => Run(options)).Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(options.OutputFolder, "config.json")));
    }

    private static TrainOptions Options(string model, string data, string output) => new()
    {
        Model = TestPaths.Model(model), DataFile = data, OutputFolder = output, BatchSize = 2, Accumulation = 2, MaxSteps = 9, LearningRate = 1e-3, MinLearningRate = 1e-4,
        WarmupRatio = 0.2, Shuffle = true, Threads = 2,
    };

    private static void Run(TrainOptions options, Action<int>? afterStep = null, CancellationToken cancellation = default)
    {
        using Trainer trainer = new(TrainingPlan.Create(options), new Observer(afterStep), TimeProvider.System, cancellation);
        trainer.Run();
    }

    private static void StopAfter(TrainOptions options, int step)
    {
        using CancellationTokenSource stop = new();
        Assert.ThrowsAny<OperationCanceledException>(() => Run(options, done =>
        {
            if (done == step)
            {
                stop.Cancel();
            }
        }, stop.Token));
    }

    private sealed class Observer(Action<int>? afterStep) : ITrainingObserver
    {
        public void Loading(int done, int total)
        {
        }

        public void Started(int firstStep, long trainedValues)
        {
        }

        public void StepDone(StepResult result, double seconds) => afterStep?.Invoke(result.Step);

        public void Evaluated(int step, double loss, bool best)
        {
        }

        public void Saved(string folder)
        {
        }
    }
}
