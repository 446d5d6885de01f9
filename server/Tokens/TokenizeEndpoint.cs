using HunyuanOrleans.Server.Chat;
using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Http;
using HunyuanOrleans.Server.Tools;
using HunyuanOrleans.Text.Streaming;
using HunyuanOrleans.Text.Tokenization;
using Microsoft.AspNetCore.Http;

namespace HunyuanOrleans.Server.Tokens;

/// <summary>POST /tokenize and /detokenize, in the format of vLLM.</summary>
internal sealed class TokenizeEndpoint(RequestReader reader)
{
    /// <summary>Encodes a text, or messages with the chat template, to token ids. Text is never encoded as a special token.</summary>
    public async Task TokenizeAsync(HttpContext context)
    {
        ServedModel model = reader.Model;
        (int[] ids, bool strings) = await reader.ReadAsync(context, model, ReadText, known: EndpointFields.Tokenize);
        ITokenText text = model.Text(skipSpecial: false);
        await JsonResponse.WriteAsync(context, writer =>
        {
            writer.WriteStartObject();
            writer.WriteNumber("count"u8, ids.Length);
            writer.WriteNumber("max_model_len"u8, model.Generator.Info.MaxContext);
            writer.WriteStartArray("tokens"u8);
            foreach (int id in ids)
            {
                writer.WriteNumberValue(id);
            }

            writer.WriteEndArray();
            if (strings)
            {
                writer.WriteStartArray("token_strs"u8);
                foreach (int id in ids)
                {
                    writer.WriteStringValue(LogprobFormat.Text(text, id));
                }

                writer.WriteEndArray();
            }
            else
            {
                writer.WriteNull("token_strs"u8);
            }

            writer.WriteEndObject();
        });
    }

    /// <summary>Decodes token ids to text.</summary>
    public async Task DetokenizeAsync(HttpContext context)
    {
        ServedModel model = reader.Model;
        string text = await reader.ReadAsync(context, model, ReadIds, known: EndpointFields.Detokenize);
        await JsonResponse.WriteAsync(context, writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("prompt"u8, text);
            writer.WriteEndObject();
        });
    }

    private static (int[] Ids, bool Strings) ReadText(RequestFields fields, ServedModel model, ServerOptions options)
    {
        Tokenizer tokenizer = Tokenizer(model);
        bool strings = fields.Bool("return_token_strs") ?? false;
        bool begin = fields.Bool("add_special_tokens") ?? false;
        if (fields["messages"] is not null)
        {
            return (ChatRequestReader.Encode(fields, model, ToolChoice.Read(fields), ReasoningParameters.Read(fields, model, options), options), strings);
        }

        string text = fields.Text("prompt") ?? throw ApiException.Missing("prompt", "a string; or give messages");
        int[] ids = tokenizer.Encode(text);
        return (begin && model.BeginId is int first ? [first, .. ids] : ids, strings);
    }

    private static string ReadIds(RequestFields fields, ServedModel model, ServerOptions options)
    {
        Tokenizer(model);
        int[] ids = fields.Ints("tokens") ?? throw ApiException.Missing("tokens", "an array of token ids");
        foreach (int id in ids)
        {
            if (id >= model.Generator.Info.VocabularySize)
            {
                throw ApiException.Invalid("tokens", $"tokens holds token id {id}; allowed: 0 to {model.Generator.Info.VocabularySize - 1}.");
            }
        }

        return model.Decode(ids);
    }

    private static Tokenizer Tokenizer(ServedModel model) =>
        model.Tokenizer ?? throw ApiException.Invalid(null, "This model has no tokenizer.");
}
