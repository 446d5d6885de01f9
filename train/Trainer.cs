using System.Diagnostics;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Kernels.Threading;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Train.Checkpoints;
using HunyuanOrleans.Train.Data;
using HunyuanOrleans.Train.Layers;
using HunyuanOrleans.Train.Optimization;
using HunyuanOrleans.Train.Output;

namespace HunyuanOrleans.Train;

/// <summary>A training run: loads the model, runs the steps, evaluates, and writes checkpoints, logs and the result. Read <see cref="Run"/> first.</summary>
public sealed class Trainer : IDisposable
{
    private const string BestFolder = "best", RunsFolder = "runs", CurveName = "loss.svg";

    private readonly TrainingPlan _plan;
    private readonly ITrainingObserver _observer;
    private readonly CancellationToken _cancellation;
    private readonly TimeProvider _time;
    private readonly List<IDisposable> _owned = [];
    private readonly Checkpoint _checkpoint;
    private readonly TrainedModel _model;
    private readonly Transformer _transformer;
    private readonly TrainingLoop _loop;
    private readonly RunState _state;

    /// <summary>Loads the model, and the checkpoint that the run continues from.</summary>
    /// <param name="plan">The run.</param>
    /// <param name="observer">Follows it.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Ends the run between micro-batches.</param>
    /// <exception cref="ModelException">The model or the checkpoint cannot be used.</exception>
    public Trainer(TrainingPlan plan, ITrainingObserver observer, TimeProvider time, CancellationToken cancellation)
    {
        (_plan, _observer, _time, _cancellation) = (plan, observer, time, cancellation);
        TrainOptions options = plan.Options;
        Dictionary<string, string> settings = RunSettings.Of(plan);
        string? checkpoint = FindCheckpoint(options);
        _state = checkpoint is null ? new RunState { Settings = settings } : CheckpointFolder.ReadState(checkpoint);
        RunSettings.Check(_state.Settings, settings, checkpoint ?? "");
        try
        {
            WorkerPool pool = Own(new WorkerPool(options.Threads));
            PanelKernels kernels = PanelKernels.For();
            LinearOperations linear = Own(new LinearOperations(pool, kernels, options.Mode));
            _checkpoint = Own(Checkpoint.Open(options.Model));
            ModelFolder.RequirePublishedNames(plan.Config, _checkpoint, plan.Selection);
            Weights weights = new(plan.Config, _checkpoint);
            _model = Own(TrainedModelLoader.Load(weights, plan.Selection, plan.Types, linear, kernels, observer.Loading, cancellation));
            if (options.InitAdapter is { } adapter && checkpoint is null)
            {
                AdapterFolder.Read(adapter, _model);
            }
            else if (checkpoint is not null)
            {
                CheckpointFolder.ReadTensors(checkpoint, _model);
                foreach (Linear changed in _model.TrainedLinears)
                {
                    linear.Repack(changed, changed.Weight!.Value);
                }
            }

            _transformer = Own(new Transformer(_model, pool, linear, plan.MaxTokens, options.Recompute));
            Optimizer optimizer = new(_model.Parameters, options.Optimizer, pool);
            _loop = new TrainingLoop(_model, _transformer, linear, plan.Batches, optimizer, plan.Schedule, options.Accumulation, options.Seed);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Trains to the last step and writes the result.</summary>
    /// <exception cref="ModelException">The loss is not finite, or a file cannot be written.</exception>
    public void Run()
    {
        TrainOptions options = _plan.Options;
        PrepareOutput();
        using StepLog? log = options.JsonLog is { } path ? new StepLog(path, _state.Step) : null;
        using EventFile? events = options.TensorBoard ? new EventFile(Path.Combine(options.OutputFolder, RunsFolder), _time) : null;
        _observer.Started(_state.Step + 1, _model.TrainedValues);
        while (_state.Step < _plan.Steps)
        {
            long started = Stopwatch.GetTimestamp();
            StepResult result = _loop.Run(_state.Step + 1, _cancellation);
            _state.Step = result.Step;
            _state.Losses.Add((result.Step, result.Loss));
            log?.Write(result);
            double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            events?.Write(
                result.Step, ("train/loss", result.Loss), ("train/learning_rate", result.LearningRate), ("train/grad_norm", result.GradientNorm),
                ("train/tokens_per_second", result.Tokens / seconds));
            _observer.StepDone(result, seconds);
            if (_plan.Evaluation is not null && (result.Step % _plan.EvalSteps == 0 || result.Step == _plan.Steps))
            {
                Evaluate(events);
            }

            if (options.SaveSteps > 0 && result.Step % options.SaveSteps == 0)
            {
                _observer.Saved(CheckpointFolder.Write(options.OutputFolder, _state, _model, options.Model, options.SaveTotalLimit));
            }
        }

        SaveResult();
    }

    /// <summary>Measures how long a micro-batch takes, without changing anything.</summary>
    /// <returns>Tokens per second of the faster of two runs.</returns>
    public double MeasureSpeed()
    {
        double fastest = 0;
        for (int i = 0; i < 2; i++)
        {
            long started = Stopwatch.GetTimestamp();
            MicroBatch batch = _plan.Batches[0];
            _transformer.LossAndGradients(batch, 1, dropoutKey: 1);
            fastest = Math.Max(fastest, batch.Ids.Length / Stopwatch.GetElapsedTime(started).TotalSeconds);
        }

        return fastest;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        for (int i = _owned.Count - 1; i >= 0; i--)
        {
            _owned[i].Dispose();
        }

        _owned.Clear();
    }

    private static string? FindCheckpoint(TrainOptions options) => options.ResumeFrom switch
    {
        null => null,
        "" => CheckpointFolder.Newest(options.OutputFolder) ?? throw new ModelException($"{options.OutputFolder} has no complete checkpoint to continue from."),
        string folder => folder,
    };

    private T Own<T>(T owned)
        where T : IDisposable
    {
        _owned.Add(owned);
        return owned;
    }

    private void PrepareOutput()
    {
        string output = _plan.Options.OutputFolder;
        if (!TrainingPlan.Continues(_plan.Options) && Directory.Exists(output))
        {
            CheckpointFolder.DeleteAll(output);
            foreach (string name in (ReadOnlySpan<string>)[BestFolder, RunsFolder])
            {
                if (Directory.Exists(Path.Combine(output, name)))
                {
                    OutputFiles.Delete(Path.Combine(output, name));
                }
            }
        }

        DeleteResult(output);
        Directory.CreateDirectory(output);
    }

    // A result of an earlier run must not be mixed with this one's. What makes the folder a model or an adapter goes first.
    private static void DeleteResult(string output)
    {
        if (!Directory.Exists(output))
        {
            return;
        }

        File.Delete(Path.Combine(output, ModelFolder.LastFile));
        File.Delete(Path.Combine(output, AdapterFolder.ConfigName));
        foreach (string file in Directory.GetFiles(output))
        {
            if (file.EndsWith(".safetensors", StringComparison.Ordinal) || file.EndsWith(".safetensors.index.json", StringComparison.Ordinal))
            {
                File.Delete(file);
            }
        }
    }

    private void Evaluate(EventFile? events)
    {
        double sum = 0;
        long predictions = 0;
        foreach (TrainingExample example in _plan.Evaluation!.Examples)
        {
            _cancellation.ThrowIfCancellationRequested();
            MicroBatch batch = new([example]);
            sum += _transformer.Loss(batch) * batch.Targets.Length;
            predictions += batch.Targets.Length;
        }

        double loss = sum / predictions;
        if (!double.IsFinite(loss))
        {
            throw new ModelException($"The evaluation after step {_state.Step} gave the loss {loss}. Try a lower learning rate or a longer warm-up.");
        }

        bool best = !(_state.BestLoss <= loss);
        _state.Evaluations.Add((_state.Step, loss));
        events?.Write(_state.Step, ("eval/loss", loss));
        if (best)
        {
            _state.BestLoss = loss;
            OutputFiles.WriteFolder(Path.Combine(_plan.Options.OutputFolder, BestFolder), WriteModel);
        }

        _observer.Evaluated(_state.Step, loss, best);
    }

    private void SaveResult()
    {
        string output = _plan.Options.OutputFolder;
        OutputFiles.WriteInto(output, _model.Lora is null ? ModelFolder.LastFile : AdapterFolder.ConfigName, partial =>
        {
            WriteModel(partial);
            File.WriteAllText(Path.Combine(partial, CurveName), LossCurve.Draw(_state.Losses, _state.Evaluations));
        });
        _observer.Saved(output);
    }

    private void WriteModel(string folder)
    {
        if (_model.Lora is null)
        {
            ModelFolder.Write(folder, _model, _checkpoint, _plan.Options.Model, _plan.Options.Mode.Element());
        }
        else
        {
            AdapterFolder.Write(folder, _model, _plan.Options.Model);
        }
    }
}
