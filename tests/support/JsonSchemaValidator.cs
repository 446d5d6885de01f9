using System.Net.Mail;
using System.Text.Json;
using System.Text.RegularExpressions;
using Json.Schema;
using Json.Schema.Keywords;

namespace HunyuanOrleans.TestSupport;

/// <summary>Checks JSON values against a schema with JsonSchema.Net, which shares no code with the constraint compiler.</summary>
/// <param name="schema">The schema's text, without "$schema". Its "format" keywords are enforced, not only noted.</param>
public sealed class JsonSchemaValidator(string schema)
{
    private static readonly BuildOptions Build = new() { Dialect = Dialect.Draft202012.With([new StrictPattern()]) };
    private static readonly EvaluationOptions Evaluation = CreateOptions();

    private readonly JsonSchema _schema = JsonSchema.FromText(schema, Build);

    public bool IsValid(JsonElement value) => _schema.Evaluate(value, Evaluation).IsValid;

    private static EvaluationOptions CreateOptions()
    {
        EvaluationOptions options = new() { RequireFormatValidation = true };
        // The library requires a dot in the domain, RFC 5321 and the specification of JSON Schema do not.
        options.FormatRegistry.Register(new PredicateFormat("email", static value =>
            value.ValueKind != JsonValueKind.String || (MailAddress.TryCreate(value.GetString(), out MailAddress? mail) && mail.Address == value.GetString())));
        foreach (Format format in (Format[])[Formats.DateTime, Formats.Duration, Formats.Hostname, Formats.Uri, Formats.Uuid])
        {
            // The library accepts a final line break in these formats. None of them has white space.
            options.FormatRegistry.Register(new PredicateFormat(format.Key, value =>
                format.Validate(value, out _) && (value.ValueKind != JsonValueKind.String || !value.GetString()!.Any(char.IsWhiteSpace))));
        }

        return options;
    }

    /// <summary>The keyword "pattern" where $ matches at the end only. In .NET it also matches before a final line break.</summary>
    private sealed class StrictPattern : PatternKeyword
    {
        public override object ValidateKeywordValue(JsonElement value)
        {
            var regex = (Regex)base.ValidateKeywordValue(value)!;
            // Escapes and classes are matched whole, so that a $ in one remains.
            string strict = Regex.Replace(regex.ToString(), @"\\.|\[(?:\\.|[^\]\\])*\]|\$", static part => part.Value == "$" ? @"\z" : part.Value);
            return new Regex(strict, regex.Options);
        }
    }
}
