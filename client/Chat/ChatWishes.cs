using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Grammar;
using Microsoft.Extensions.AI;

namespace HunyuanOrleans.Client.Chat;

/// <summary>
/// What chat options mean for a request. What would change the answer and is not there is refused; hints that change nothing here (parallel tool
/// calls, background responses, effort of reasoning) are passed over.
/// </summary>
internal static class ChatWishes
{
    /// <summary>The parameter that constraints come from, for errors.</summary>
    public const string ConstraintParameter = "response_format";

    /// <summary>Refuses what is not there.</summary>
    /// <exception cref="NotSupportedException">Something is asked for that is not there; the message names it.</exception>
    public static void RequireSupported(ChatOptions? options)
    {
        if (options is null)
        {
            return;
        }

        Require(options.Tools is not { Count: > 0 } || options.ToolMode is NoneChatToolMode, nameof(options.Tools), "none, or the tool mode None; read calls from the text");
        Require(options.ToolMode is not RequiredChatToolMode, nameof(options.ToolMode), "None and Auto");
        Require(options.ResponseFormat is null or ChatResponseFormatText or ChatResponseFormatJson, nameof(options.ResponseFormat), "text, and JSON with or without a schema");
        Require(options.ConversationId is null, nameof(options.ConversationId), "none; send the whole chat, whose known beginning is not computed again");
        Require(options.ContinuationToken is null, nameof(options.ContinuationToken), "none; streams go on by themselves");
    }

    /// <summary>The request with what the options say.</summary>
    /// <param name="options">The options; null for none.</param>
    /// <param name="request">What the model's publisher suggests.</param>
    /// <exception cref="NotSupportedException">An additional property is unknown.</exception>
    /// <exception cref="RequestException">An additional property has a value of the wrong kind.</exception>
    public static GenerationRequest Apply(ChatOptions? options, GenerationRequest request)
    {
        if (options is null)
        {
            return request;
        }

        request = request with
        {
            Sampling = request.Sampling.With(
                temperature: options.Temperature,
                topP: options.TopP,
                topK: options.TopK,
                presencePenalty: options.PresencePenalty,
                frequencyPenalty: options.FrequencyPenalty,
                seed: options.Seed is { } seed ? unchecked((ulong)seed) : null),
            MaxTokens = options.MaxOutputTokens ?? request.MaxTokens,
            StopStrings = options.StopSequences is { Count: > 0 } stops ? [.. stops] : request.StopStrings,
        };
        foreach ((string name, object? value) in options.AdditionalProperties ?? [])
        {
            request = MoreWishes.Apply(request, name, value);
        }

        return request;
    }

    /// <summary>What the answer's text must look like; null for anything.</summary>
    public static ConstraintSpec? Constraint(ChatOptions? options) => options?.ResponseFormat is not ChatResponseFormatJson json ? null
        : json.Schema is { } schema ? ConstraintSpec.JsonSchema(schema.GetRawText())
        : ConstraintSpec.Json;

    private static void Require(bool holds, string option, string allowed)
    {
        if (!holds)
        {
            throw new NotSupportedException($"ChatOptions.{option} is not supported by {nameof(HunyuanClient)}; allowed: {allowed}.");
        }
    }
}
