using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Cli.Sessions;

/// <summary>What answers requests: a model loaded in this process, or a cluster. It knows neither options nor output.</summary>
internal interface IInferenceSession : IAsyncDisposable
{
    /// <summary>What answers, for people.</summary>
    string Name { get; }

    /// <summary>The model's text side.</summary>
    IPromptEncoder Prompts { get; }

    /// <summary>What the model suggests for sampling.</summary>
    GenerationDefaults Defaults { get; }

    /// <summary>How long getting ready took.</summary>
    TimeSpan LoadTime { get; }

    /// <summary>The request for a prompt. Where the user named no length, it ends at the end of the context.</summary>
    GenerationRequest Request(int[] prompt, AnswerSettings settings, CancellationToken cancellation);

    /// <summary>Asks and reads the answer to its end. Any number may run at once.</summary>
    /// <param name="request">The request; where its token is cancelled, the answer ends with what came.</param>
    /// <param name="show">Gets the answer piece by piece.</param>
    /// <exception cref="ModelException">The request is wrong, or what answers failed.</exception>
    Task<Answer> AnswerAsync(GenerationRequest request, Action<string> show);
}
