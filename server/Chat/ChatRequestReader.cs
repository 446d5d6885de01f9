using System.Text.Json;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Http;
using HunyuanOrleans.Server.Tools;
using HunyuanOrleans.Text;
using HunyuanOrleans.Text.Streaming;
using HunyuanOrleans.Text.Templates;

namespace HunyuanOrleans.Server.Chat;

/// <summary>Reads a request for a chat completion. Text in messages is never encoded as a special token.</summary>
internal static class ChatRequestReader
{
    /// <summary>Reads and validates a request.</summary>
    /// <param name="fields">The request.</param>
    /// <param name="model">The served model.</param>
    /// <param name="options">The server's limits.</param>
    /// <exception cref="ApiException">A parameter is invalid.</exception>
    public static GenerationJob Read(RequestFields fields, ServedModel model, ServerOptions options)
    {
        RejectLegacyFunctions(fields);
        ToolChoice tools = ToolChoice.Read(fields) with { Format = model.ToolCalls };
        StructuredOutput? output = StructuredOutput.Read(fields, tools);
        ReasoningParameters reasoning = ReasoningParameters.Read(fields, model, options);
        int? logprobs = ReadLogprobs(fields);
        int choices = fields.Int("n", 1, options.MaxChoices) ?? 1;
        SamplingParams sampling = TokenRestrictions.Apply(fields, model, CommonParameters.ReadSampling(fields, model.Defaults, logprobs));
        int? maxTokens = fields.Int("max_completion_tokens", 1) ?? fields.Int("max_tokens", 1);
        GenerationRequest request = CommonParameters.ReadRequest(fields, sampling, choices, maxTokens, options);
        bool stream = fields.Bool("stream") ?? false;
        bool usage = StreamOptions.ReadIncludeUsage(fields, stream);
        bool skipSpecial = CommonParameters.ReadSkipSpecial(fields);
        int? promptLogprobs = CommonParameters.ReadPromptLogprobs(fields, stream);
        ITokenText text = model.Text(skipSpecial: false);
        ChatParameters chat = ReadChat(fields, model, tools, reasoning, options) with
        {
            Output = output,
            Request = request with { PromptLogProbabilities = promptLogprobs },
            Stream = stream,
            SkipSpecial = skipSpecial,
            LengthName = fields["max_completion_tokens"] is null ? "max_tokens" : "max_completion_tokens",
            Fit = prompt => PromptLimits.Fit(prompt, "messages", maxTokens, fields, model, options),
        };
        return chat.CreateJob(model, answer => CreateFormat(new ChatFormat(text, logprobs is not null, answer, usage))) with
        {
            ReportProgress = StreamOptions.ReadReturnProgress(fields, stream),
        };

        IResponseFormat CreateFormat(ChatFormat format) =>
            promptLogprobs is int alternatives ? new PromptLogprobsFormat(format, text, alternatives) : format;
    }

    /// <summary>Encodes a chat's messages and tools with the model's chat template.</summary>
    public static int[] Encode(RequestFields fields, ServedModel model, ToolChoice tools, ReasoningParameters reasoning, ServerOptions options) =>
        ReadChat(fields, model, tools, reasoning, options).Encode(model);

    /// <summary>Reads logprobs and top_logprobs.</summary>
    /// <returns>The number of alternatives to each token; null if no log probabilities are wanted.</returns>
    /// <exception cref="ApiException">A parameter is invalid.</exception>
    public static int? ReadLogprobs(RequestFields fields)
    {
        bool requested = fields.Bool("logprobs") ?? false;
        int? top = fields.Int("top_logprobs", 0, CommonParameters.MaxTopLogprobs);
        if (top is not null && !requested)
        {
            throw ApiException.Invalid("top_logprobs", "top_logprobs needs logprobs to be true.");
        }

        return requested ? top ?? 0 : null;
    }

    private static ChatParameters ReadChat(
        RequestFields fields, ServedModel model, ToolChoice tools, ReasoningParameters reasoning, ServerOptions options) => new()
    {
        Encoder = ChatTemplateFields.ReadEncoder(fields, model, options),
        Messages = ReadMessages(fields),
        Tools = tools,
        Reasoning = reasoning,
        Request = new GenerationRequest { PromptIds = default },
        AddGenerationPrompt = ChatTemplateFields.ReadAddGenerationPrompt(fields),
        ContinueFinalMessage = ChatTemplateFields.ReadContinueFinalMessage(fields),
    };

    private static IReadOnlyList<ChatMessage> ReadMessages(RequestFields fields)
    {
        JsonElement messages = fields["messages"] ?? throw ApiException.Missing("messages", "an array of messages");
        try
        {
            return ChatMessage.ListFromJson(messages);
        }
        catch (TextException e)
        {
            throw ApiException.Invalid("messages", e.Message);
        }
    }

    private static void RejectLegacyFunctions(RequestFields fields)
    {
        foreach ((string name, string successor) in new[] { ("functions", "tools"), ("function_call", "tool_choice") })
        {
            if (fields[name] is not null)
            {
                throw ApiException.Invalid(name, $"{name} is not supported; use {successor}. The answer then has tool_calls.", "unsupported_value");
            }
        }

        if (fields["messages"] is not { ValueKind: JsonValueKind.Array } messages)
        {
            return;
        }

        int i = 0;
        foreach (JsonElement message in messages.EnumerateArray())
        {
            if (message.ValueKind == JsonValueKind.Object && new RequestFields(message)["function_call"] is not null)
            {
                throw ApiException.Invalid("messages", $"messages[{i}].function_call is not supported; use tool_calls.", "unsupported_value");
            }

            i++;
        }
    }
}
