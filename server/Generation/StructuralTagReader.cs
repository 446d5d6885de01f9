using System.Text.Json;
using HunyuanOrleans.Grammar;
using HunyuanOrleans.Server.Http;

namespace HunyuanOrleans.Server.Generation;

/// <summary>
/// Reads a structural tag, as vLLM and XGrammar take it: an answer that is free until a trigger comes, after which a structure must
/// follow. The older form has <c>structures</c> and <c>triggers</c>, the newer one a <c>format</c>.
/// </summary>
/// <param name="parameter">The request parameter, for errors.</param>
internal sealed class StructuralTagReader(string parameter)
{
    // A constraint that travels to a silo is nested at most 64 deep, and two formats take up to seven of these levels.
    private const int MaxDepth = 12;

    private const string Formats =
        "const_string, any_text, json_schema, regex, grammar, sequence, or, optional, plus, star, repeat, tag, triggered_tags, tags_with_separator";

    private static readonly ConstraintSpec Nothing = ConstraintSpec.OneOf();

    /// <summary>Reads a structural tag.</summary>
    /// <exception cref="ApiException">It is malformed or uses something unsupported.</exception>
    public ConstraintSpec Read(JsonElement json)
    {
        TagFields tag = new(json, parameter, parameter);
        if (tag.Text("type") != "structural_tag")
        {
            throw tag.Error("type", "must be \"structural_tag\"");
        }

        if (tag.Has("format"))
        {
            tag.AllowOnly("type", "format");
            return Format(tag.Object("format"), [], 0);
        }

        tag.AllowOnly("type", "structures", "triggers");
        TagFields[] structures = tag.Objects("structures");
        List<(string Begin, ConstraintSpec Body)> tags = [];
        foreach (TagFields structure in structures)
        {
            structure.AllowOnly("begin", "schema", "end");
            tags.Add((structure.Text("begin"), ConstraintSpec.Sequence(structure.Schema("schema"), ConstraintSpec.Literal(structure.Text("end")))));
        }

        return Triggered(tag, tag.Texts("triggers"), tags, [], atLeastOne: false, single: false);
    }

    /// <summary>Reads a format.</summary>
    /// <param name="format">The format.</param>
    /// <param name="ends">The texts that end the tag around it, which free text must not contain.</param>
    /// <param name="depth">Number of formats around it.</param>
    private ConstraintSpec Format(TagFields format, string[] ends, int depth)
    {
        if (depth > MaxDepth)
        {
            throw format.Error("type", $"is nested more than {MaxDepth} deep");
        }

        switch (format.Text("type"))
        {
            case "const_string":
                format.AllowOnly("type", "value");
                return ConstraintSpec.Literal(format.Text("value"));
            case "any_text":
                format.AllowOnly("type", "excludes");
                return Free(ends.Concat(format.OptionalTexts("excludes")));
            case "json_schema":
                format.AllowOnly("type", "json_schema", "style");
                return format.Has("style") && format.Text("style") != "json" ? throw format.Error("style", "must be \"json\"") : format.Schema("json_schema");
            case "regex":
                format.AllowOnly("type", "pattern");
                return ConstraintSpec.ForParameter(format.PathOf("pattern"), ConstraintSpec.Regex(format.Text("pattern")));
            case "grammar":
                format.AllowOnly("type", "grammar");
                return ConstraintSpec.ForParameter(format.PathOf("grammar"), ConstraintSpec.Grammar(format.Text("grammar")));
            case "sequence":
                format.AllowOnly("type", "elements");
                return ConstraintSpec.Sequence([.. format.Objects("elements").Select(element => Format(element, ends, depth + 1))]);
            case "or":
                format.AllowOnly("type", "elements");
                return ConstraintSpec.OneOf([.. format.Objects("elements").Select(element => Format(element, ends, depth + 1))]);
            case "optional":
                return Repeat(format, 0, 1, ends, depth);
            case "plus":
                return Repeat(format, 1, null, ends, depth);
            case "star":
                return Repeat(format, 0, null, ends, depth);
            case "repeat":
                int min = format.Count("min") ?? 0;
                int? max = format.Count("max");
                return max < min ? throw format.Error("max", $"must be at least min, {min}") : Repeat(format, min, max, ends, depth);
            case "tag":
                (string begin, ConstraintSpec body) = Tag(format, depth);
                return ConstraintSpec.Sequence(ConstraintSpec.Literal(begin), body);
            case "triggered_tags":
                format.AllowOnly("type", "triggers", "tags", "at_least_one", "stop_after_first", "excludes");
                return Triggered(
                    format, format.Texts("triggers"), Tags(format, depth), [.. ends, .. format.OptionalTexts("excludes")],
                    format.Flag("at_least_one"), format.Flag("stop_after_first"));
            case "tags_with_separator":
                format.AllowOnly("type", "tags", "separator", "at_least_one", "stop_after_first");
                return Separated(format, Tags(format, depth));
            default:
                throw format.Error("type", $"is \"{format.Text("type")}\", which is not supported; allowed: {Formats}");
        }
    }

    private ConstraintSpec Repeat(TagFields format, int min, int? max, string[] ends, int depth)
    {
        format.AllowOnly("type", "content", "min", "max");
        return ConstraintSpec.Repeat(Format(format.Object("content"), ends, depth + 1), min, max);
    }

    private List<(string Begin, ConstraintSpec Body)> Tags(TagFields format, int depth) => [.. format.Objects("tags").Select(tag => Tag(tag, depth + 1))];

    private (string Begin, ConstraintSpec Body) Tag(TagFields tag, int depth)
    {
        tag.AllowOnly("type", "begin", "content", "end");
        string[] ends = tag.Texts("end");
        ConstraintSpec content = Format(tag.Object("content"), [.. ends.Where(static end => end.Length > 0)], depth + 1);
        return (tag.Text("begin"), ConstraintSpec.Sequence(content, ConstraintSpec.Choice(ends)));
    }

    private static ConstraintSpec Triggered(
        TagFields place, string[] triggers, List<(string Begin, ConstraintSpec Body)> tags, string[] excluded, bool atLeastOne, bool single)
    {
        if (triggers.Contains(""))
        {
            throw place.Error("triggers", "has an empty trigger");
        }

        if (Array.Find(tags.ToArray(), tag => triggers.Count(trigger => IsTrigger(tag, trigger)) != 1).Begin is { } begin)
        {
            throw place.Error("triggers", $"must have exactly one trigger that \"{begin}\" begins with");
        }

        if (Array.Find(triggers, trigger => !tags.Exists(tag => IsTrigger(tag, trigger))) is { } unused)
        {
            throw place.Error("triggers", $"has \"{unused}\", with which nothing begins");
        }

        // As in XGrammar, an answer that needs a tag begins with one.
        ConstraintSpec first = ConstraintSpec.OneOf([.. tags.Select(static tag => ConstraintSpec.Sequence(ConstraintSpec.Literal(tag.Begin), tag.Body))]);
        if (atLeastOne && single)
        {
            return first;
        }

        IEnumerable<(string, ConstraintSpec)> triggered = triggers.Select(trigger => (trigger, ConstraintSpec.OneOf(
            [.. tags.Where(tag => IsTrigger(tag, trigger)).Select(tag => ConstraintSpec.Sequence(ConstraintSpec.Literal(tag.Begin[trigger.Length..]), tag.Body))])));
        ConstraintSpec text = ConstraintSpec.TaggedText([.. triggered, .. excluded.Select(static end => (end, Nothing))], single);
        return atLeastOne ? ConstraintSpec.Sequence(first, text) : text;

        static bool IsTrigger((string Begin, ConstraintSpec Body) tag, string trigger) => tag.Begin.StartsWith(trigger, StringComparison.Ordinal);
    }

    private static ConstraintSpec Separated(TagFields format, List<(string Begin, ConstraintSpec Body)> tags)
    {
        ConstraintSpec one = ConstraintSpec.OneOf([.. tags.Select(static tag => ConstraintSpec.Sequence(ConstraintSpec.Literal(tag.Begin), tag.Body))]);
        ConstraintSpec separator = ConstraintSpec.Literal(format.Text("separator"));
        ConstraintSpec list = format.Flag("stop_after_first") ? one
            : ConstraintSpec.Sequence(one, ConstraintSpec.Repeat(ConstraintSpec.Sequence(separator, one), 0, null));
        return format.Flag("at_least_one") ? list : ConstraintSpec.Repeat(list, 0, 1);
    }

    private static ConstraintSpec Free(IEnumerable<string> excluded) => ConstraintSpec.TaggedText([.. excluded.Select(static text => (text, Nothing))]);
}
