using System.Diagnostics;
using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Engine.Scheduling;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Adapters;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Text;
using HunyuanOrleans.Text.Streaming;
using HunyuanOrleans.Text.Tokenization;

namespace HunyuanOrleans.Cli.Sessions;

/// <summary>A session with a model that is loaded in this process.</summary>
internal sealed class ModelSession : IInferenceSession
{
    private readonly LocalExecutor _executor;
    private readonly InferenceEngine _engine;
    private readonly ITokenText? _tokenText;
    private readonly LoraAdapter? _adapter;

    private ModelSession(PromptEncoder encoder, ModelRunner model, SchedulerOptions? scheduler, TimeSpan loadTime, LoraAdapter? adapter)
    {
        _adapter = adapter;
        Encoder = encoder;
        LoadTime = loadTime;
        Defaults = GenerationDefaults.Load(encoder.Folder);
        _tokenText = encoder.TokenizerOrNull is Tokenizer tokenizer ? new TokenizerText(tokenizer) : null;
        _executor = new LocalExecutor(model);
        _engine = InferenceEngine.Start(_executor, new EngineOptions { EosIds = model.Config.EosTokenIds, Scheduler = scheduler ?? new() }, _tokenText);
    }

    /// <summary>Encodes prompts with the tokenizer of the model folder.</summary>
    public PromptEncoder Encoder { get; }

    /// <inheritdoc/>
    IPromptEncoder IInferenceSession.Encoder => Encoder;

    /// <inheritdoc/>
    public string Name => Encoder.Folder;

    /// <inheritdoc/>
    public GenerationDefaults Defaults { get; }

    /// <inheritdoc/>
    public TimeSpan LoadTime { get; }

    /// <summary>Loads a model and starts an engine on it. An interactive terminal shows a progress bar.</summary>
    /// <param name="encoder">The encoder of the model folder.</param>
    /// <param name="options">How the model computes.</param>
    /// <param name="cancellation">Cancels loading.</param>
    /// <param name="scheduler">How the engine fills steps; null for the defaults.</param>
    /// <param name="adapter">The folder of an adapter that all answers use; null (default): none.</param>
    /// <exception cref="ModelException">The config, the weights or the adapter are invalid.</exception>
    /// <exception cref="TextException">The tokenizer is invalid.</exception>
    public static ModelSession Open(PromptEncoder encoder, ModelOptions options, CancellationToken cancellation, SchedulerOptions? scheduler = null, string? adapter = null)
    {
        long started = Stopwatch.GetTimestamp();
        ModelRunner model = ModelLoading.Load(encoder.Folder, options, cancellation);
        LoraAdapter? loaded = null;
        try
        {
            loaded = adapter is null ? null : model.LoadAdapter(adapter);
            return new ModelSession(encoder, model, scheduler, Stopwatch.GetElapsedTime(started), loaded);
        }
        catch
        {
            loaded?.Dispose();
            model.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public GenerationRequest CreateRequest(int[] prompt, AnswerSettings settings, CancellationToken cancellation) =>
        settings.CreateRequest(prompt, _executor.Limits.MaxContext, cancellation);

    /// <inheritdoc/>
    public async Task<Answer> AnswerAsync(GenerationRequest request, Action<string> show)
    {
        ChoiceStream answer = _engine.Submit(request, _adapter).Choices[0];
        if (request.ReportProgress)
        {
            await PromptDisplay.WaitAsync(answer);
        }

        return await Answer.ReadAsync(answer, request, _tokenText, show);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        _adapter?.Dispose();
        await _executor.DisposeAsync();
    }
}
