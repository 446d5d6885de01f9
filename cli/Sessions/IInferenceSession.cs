using HunyuanOrleans.Contracts;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Cli.Sessions;

/// <summary>A model that answers requests, loaded in this process or on a cluster. Does not know options or output.</summary>
internal interface IInferenceSession : IAsyncDisposable
{
    /// <summary>The name of the session that is shown to users.</summary>
    string Name { get; }

    /// <summary>Encodes prompts for the model.</summary>
    IPromptEncoder Encoder { get; }

    /// <summary>The model's default sampling settings.</summary>
    GenerationDefaults Defaults { get; }

    /// <summary>How long loading the model or connecting to the cluster took.</summary>
    TimeSpan LoadTime { get; }

    /// <summary>Creates the request for a prompt.</summary>
    /// <param name="prompt">The token ids of the prompt.</param>
    /// <param name="settings">How to sample, and when to end the answer.</param>
    /// <param name="cancellation">Cancels the answer.</param>
    GenerationRequest CreateRequest(int[] prompt, AnswerSettings settings, CancellationToken cancellation);

    /// <summary>
    /// Sends a request and reads the answer to its end. If the request reports progress, a model in this process shows a bar while it computes a long
    /// prompt. Any number of requests may run at the same time.
    /// </summary>
    /// <param name="request">The request. If its cancellation token fires, the answer ends with the tokens so far.</param>
    /// <param name="show">Receives each chunk of the answer.</param>
    /// <exception cref="HunyuanException">The request is invalid, or the cluster failed.</exception>
    /// <exception cref="ModelException">The engine in this process failed.</exception>
    Task<Answer> AnswerAsync(GenerationRequest request, Action<string> show);
}
