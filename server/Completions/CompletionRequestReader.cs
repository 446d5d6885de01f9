using System.Text.Json;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Http;
using HunyuanOrleans.Server.Tools;

namespace HunyuanOrleans.Server.Completions;

/// <summary>Reads a request for a text completion. Text in prompts is never encoded as a special token.</summary>
internal static class CompletionRequestReader
{
    // OpenAI's default. The model's suggestion is meant for chats.
    private const int DefaultMaxTokens = 16;

    /// <summary>Reads and validates a request.</summary>
    /// <exception cref="ApiException">A parameter is invalid.</exception>
    public static GenerationJob Read(RequestFields fields, ServedModel model, ServerOptions options)
    {
        StructuredOutput? output = StructuredOutput.Read(fields, ToolChoice.None);
        RejectUnsupported(fields);
        int? logprobs = Logprobs(fields);
        int choices = fields.Int("n", 1, options.MaxChoices) ?? 1;
        SamplingParams sampling = TokenRestrictions.Apply(fields, model, CommonParameters.ReadSampling(fields, model.Defaults, logprobs));
        bool echo = fields.Bool("echo") ?? false;
        int maxTokens = fields.Int("max_tokens", echo ? 0 : 1) ?? DefaultMaxTokens;
        GenerationRequest request = CommonParameters.ReadRequest(fields, sampling, choices, maxTokens, options);
        bool stream = fields.Bool("stream") ?? false;
        bool usage = StreamOptions.ReadIncludeUsage(fields, stream);
        bool skipSpecial = CommonParameters.ReadSkipSpecial(fields);
        int? promptLogprobs = CommonParameters.ReadPromptLogprobs(fields, stream);
        IReadOnlyList<int[]> prompts = PromptReader.Read(fields, maxTokens, model, options);
        if (prompts.Count > 1 && prompts.Count * choices > options.MaxPrompts)
        {
            throw ApiException.Invalid(
                "prompt", $"The request asks for {prompts.Count} prompts times {choices} answers; this server gives up to {options.MaxPrompts} at once.");
        }

        // An echoed prompt has as many alternatives as the answer. Without a token to generate, the engine only computes the prompt.
        int? echoed = echo && logprobs is not null ? logprobs : maxTokens == 0 ? 0 : null;
        request = request with { PromptLogProbabilities = promptLogprobs is null ? echoed : Math.Max(promptLogprobs.Value, echoed ?? 0) };
        return new GenerationJob(
            [.. prompts.Select(prompt => request with { PromptIds = prompt })],
            new CompletionFormat(
                model.Text(skipSpecial: false),
                model.Text(skipSpecial),
                logprobs,
                echo ? [.. prompts.Select(prompt => new EchoedPrompt(model.Decode(prompt), prompt.Length > 0 ? prompt[0] : 0))] : null,
                promptLogprobs,
                usage),
            stream,
            skipSpecial)
        {
            Output = output,
            ReportProgress = StreamOptions.ReadReturnProgress(fields, stream),
        };
    }

    private static void RejectUnsupported(RequestFields fields)
    {
        // Clients send an empty string for "no suffix".
        if (fields["suffix"] is not null and not { ValueKind: JsonValueKind.String } || fields.Text("suffix") is { Length: > 0 })
        {
            throw ApiException.Invalid("suffix", "suffix is not supported: the model only writes on.", "unsupported_value");
        }

        if (fields.Int("best_of", 1) is int best && best != (fields.Int("n", 1) ?? 1))
        {
            throw ApiException.Invalid("best_of", "best_of other than n is not supported.", "unsupported_value");
        }
    }

    private static int? Logprobs(RequestFields fields) => fields["logprobs"] switch
    {
        { ValueKind: JsonValueKind.False } => null,
        _ => fields.Int("logprobs", 0, CommonParameters.MaxTopLogprobs),
    };
}
