using System.Diagnostics;
using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Engine.Scheduling;
using HunyuanOrleans.Engine.Speculation;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Measurement;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Cli.Measuring;

/// <summary>
/// Measures a loaded model through the engine, and the limits of the machine before and after each run, because both vary over time.
/// </summary>
internal sealed class SpeedBenchmark : IAsyncDisposable
{
    private readonly ModelRunner _model;
    private readonly RecordingExecutor _executor;
    private readonly InferenceEngine _engine;
    private readonly MachineLimits _limits;
    private readonly BenchPlan _plan;

    // Prompts must differ between sequences and be the same in every run of the program.
    private readonly Random _random = new(1);

    /// <summary>Starts an engine on the model.</summary>
    /// <param name="model">The model; stays the caller's.</param>
    /// <param name="plan">Lengths, batches and number of runs.</param>
    public SpeedBenchmark(ModelRunner model, BenchPlan plan)
    {
        _model = model;
        _plan = plan;
        _executor = new RecordingExecutor(new LocalExecutor(model, ownsModel: false), model);
        SchedulerOptions scheduler = new() { PrefixCache = false, Speculation = SpeculationOptions.Off };
        _engine = InferenceEngine.Start(_executor, new EngineOptions { Scheduler = scheduler });
        _limits = new MachineLimits(model.Pool, InstructionSets.Choose());
    }

    /// <summary>Runs a short batch, so that measurements do not include compilation at first use.</summary>
    /// <exception cref="RequestException">The model cannot run the plan.</exception>
    /// <exception cref="ModelException">The engine failed.</exception>
    public async Task WarmUpAsync(CancellationToken cancellation) => await RunAsync(_plan.Batches.Max(), 4, cancellation);

    /// <summary>Measures the processing of one prompt.</summary>
    public async Task<BenchPrefill> PrefillAsync(CancellationToken cancellation)
    {
        double peak = MeasurePeak();
        ChoiceResult result = (await RunAsync(1, 1, cancellation))[0];
        peak = Math.Max(peak, MeasurePeak());
        double seconds = result.Timings.FirstToken!.Value.TotalSeconds;
        double operations = MatrixOperations.Prefill(_model.Config, _plan.Prompt) / seconds;
        return new BenchPrefill(_plan.Prompt / seconds, seconds * 1000, operations, peak, operations / peak);
    }

    /// <summary>Measures decoding <paramref name="batch"/> answers together.</summary>
    public async Task<BenchDecode> DecodeAsync(int batch, CancellationToken cancellation)
    {
        double read = MeasureBandwidth();
        await RunAsync(batch, _plan.AnswerTokens(batch, _model.Options.MaxBatchTokens), cancellation);
        read = Math.Max(read, MeasureBandwidth());

        // Counts steps in which every sequence got exactly one token. The time includes the gaps between these steps.
        StepRecord[] steps = [.. _executor.Steps.Where(step => step.Tokens == batch && step.Sequences == batch).Take(_plan.Generate)];
        if (steps.Length == 0)
        {
            throw new ModelException($"The {batch} answers were never decoded together: raise --gen.");
        }

        double seconds = Stopwatch.GetElapsedTime(steps[0].Started, steps[^1].Ended).TotalSeconds;
        double tokens = (double)batch * steps.Length;
        double bytes = steps.Sum(step => (double)step.Bytes);
        return new BenchDecode(batch, tokens / seconds, bytes / tokens, bytes / seconds, read, bytes / seconds / read);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        _limits.Dispose();
    }

    private async Task<ChoiceResult[]> RunAsync(int batch, int generate, CancellationToken cancellation)
    {
        _executor.Clear();
        GenerationRequest[] requests = [.. Enumerable.Range(0, batch).Select(_ => CreateRequest(generate, cancellation))];
        Generation[] running = batch == 1 ? [_engine.Submit(requests[0])] : SubmitTogether(requests);
        ChoiceResult[] results = await Task.WhenAll(running.Select(generation => generation.Choices[0].Completion));
        cancellation.ThrowIfCancellationRequested();
        return results.FirstOrDefault(result => result.Error is not null) is { Error: { } error }
            ? throw new ModelException(error)
            : results;
    }

    // The gate makes all answers start together. Otherwise the first could end before the last one starts.
    private Generation[] SubmitTogether(GenerationRequest[] requests)
    {
        _executor.Close();
        try
        {
            return Array.ConvertAll(requests, _engine.Submit);
        }
        finally
        {
            _executor.Open();
        }
    }

    private GenerationRequest CreateRequest(int generate, CancellationToken cancellation)
    {
        int[] prompt = new int[_plan.Prompt];
        for (int i = 0; i < prompt.Length; i++)
        {
            prompt[i] = _random.Next(_model.Config.VocabSize);
        }

        return new GenerationRequest
        {
            PromptIds = prompt,
            Sampling = SamplingParams.Greedy,
            MaxTokens = generate,
            IgnoreEos = true,
            Cancellation = cancellation,
        };
    }

    private double MeasurePeak() => PinnedThread.Run(_model.Pool, () => _limits.PeakOperations(_model.Options.Mode.Element()));

    private double MeasureBandwidth() => PinnedThread.Run(_model.Pool, _limits.ReadBandwidth);
}
