using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Gradients;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Kernels.Threading;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Quantization;
using HunyuanOrleans.Train.Data;
using HunyuanOrleans.Train.Layers;
using HunyuanOrleans.Train.Optimization;
using HunyuanOrleans.Train.Parameters;

namespace HunyuanOrleans.Train.Tests;

/// <summary>A small model with everything that a training run has, for tests that look at its parts.</summary>
internal sealed class TrainingFixture : IDisposable
{
    private readonly WorkerPool _pool;
    private readonly Checkpoint _checkpoint;
    private readonly LinearOperations _linear;

    public TrainingFixture(
        string model, string? data, TrainingSelection selection, ComputeMode mode, bool recompute, OptimizerSettings optimizer, LearningRateSchedule schedule,
        int threads = 2, int batchSize = 2, int accumulation = 2, int minTokens = 160, QuantFormat? quant = null)
    {
        ModelConfig config = ModelConfig.Load(model);
        IReadOnlyList<TrainingExample> examples = data is null
            ? [new TrainingExample([1, 2, 3], [1, 2, 3], 1, 0)]
            : new ExampleReader(model, config.VocabSize).Read(data, 4096).Examples;
        _pool = new WorkerPool(threads, pin: false);
        _checkpoint = Checkpoint.Open(model);
        PanelKernels kernels = PanelKernels.For();
        _linear = new LinearOperations(_pool, kernels, mode);
        Model = TrainedModelLoader.Load(new Weights(config, _checkpoint), selection, WeightTypes.Of(config, mode, quant), _linear, kernels);
        Batches = new BatchSequence(examples, batchSize, shuffleSeed: null);
        Transformer = new Transformer(Model, _pool, _linear, Math.Max(Batches.MaxTokens, minTokens), recompute);
        Loop = new TrainingLoop(Model, Transformer, _linear, Batches, new Optimizer(Model.Parameters, optimizer, _pool), schedule, accumulation, seed: 1);
    }

    public TrainedModel Model { get; }

    public BatchSequence Batches { get; }

    public Transformer Transformer { get; }

    public TrainingLoop Loop { get; }

    public void Repack()
    {
        foreach (Linear linear in Model.TrainedLinears)
        {
            _linear.Repack(linear, linear.Weight!.Value);
        }
    }

    public void ClearGradients()
    {
        AdamWUpdate update = new(_pool);
        foreach (Parameter parameter in Model.Parameters)
        {
            update.Clear(parameter.Gradient);
        }
    }

    public void Dispose()
    {
        Transformer.Dispose();
        Model.Dispose();
        _linear.Dispose();
        _checkpoint.Dispose();
        _pool.Dispose();
    }
}
