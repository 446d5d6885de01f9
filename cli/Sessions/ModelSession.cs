using System.Diagnostics;
using HunyuanOrleans.Engine;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Text.Streaming;
using HunyuanOrleans.Text.Tokenization;

namespace HunyuanOrleans.Cli.Sessions;

/// <summary>A loaded model with an engine that answers requests. It knows neither options nor output.</summary>
internal sealed class ModelSession : IInferenceSession
{
    private readonly LocalExecutor _executor;
    private readonly InferenceEngine _engine;
    private readonly ITokenText? _tokenText;

    private ModelSession(PromptEncoder text, ModelRunner model, TimeSpan loadTime)
    {
        Text = text;
        LoadTime = loadTime;
        Defaults = GenerationDefaults.Load(text.Folder);
        _tokenText = text.TokenizerIfAny is Tokenizer tokenizer ? new TokenizerText(tokenizer) : null;
        _executor = new LocalExecutor(model);
        _engine = new InferenceEngine(_executor, new EngineOptions { EosIds = model.Config.EosTokenIds }, _tokenText);
    }

    /// <summary>The model's text side.</summary>
    public PromptEncoder Text { get; }

    /// <inheritdoc/>
    public string Name => Text.Folder;

    /// <inheritdoc/>
    public IPromptEncoder Prompts => Text;

    /// <summary>What the model suggests for sampling.</summary>
    public GenerationDefaults Defaults { get; }

    /// <summary>How long loading took.</summary>
    public TimeSpan LoadTime { get; }

    /// <summary>Loads a model, with a progress bar where a person watches, and starts an engine on it.</summary>
    /// <exception cref="ModelException">Something in the folder is wrong.</exception>
    public static ModelSession Open(PromptEncoder text, ModelOptions options, CancellationToken cancellation)
    {
        long started = Stopwatch.GetTimestamp();
        ModelRunner model = ModelLoading.Load(text.Folder, options, cancellation);
        try
        {
            return new ModelSession(text, model, Stopwatch.GetElapsedTime(started));
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public GenerationRequest Request(int[] prompt, AnswerSettings settings, CancellationToken cancellation) =>
        settings.Request(prompt, _executor.Limits.MaxContext, cancellation);

    /// <summary>Asks the engine and reads the answer to its end. Any number may run at once.</summary>
    /// <param name="request">The request.</param>
    /// <param name="show">Gets the answer piece by piece.</param>
    /// <exception cref="ModelException">The request is wrong, or the engine failed.</exception>
    public Task<Answer> AnswerAsync(GenerationRequest request, Action<string> show) =>
        Answer.ReadAsync(_engine.Submit(request).Choices[0], request, _tokenText, show);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        await _executor.DisposeAsync();
    }
}
