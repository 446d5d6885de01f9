using System.Text;
using HunyuanOrleans.Grammar;
using HunyuanOrleans.Text.Streaming;
using HunyuanOrleans.Text.Tokenization;

namespace HunyuanOrleans.Bench;

/// <summary>
/// Measures the CPU time per token of constrained decoding over a whole vocabulary: advancing the constraint and computing the token mask.
/// </summary>
internal static class ConstraintBenchmark
{
    private const string Person = """
        {"type":"object","properties":{"name":{"type":"string","maxLength":120},"age":{"type":"integer","minimum":0,"maximum":150},
        "email":{"type":"string","format":"email"},"tags":{"type":"array","items":{"type":"string"},"maxItems":10},
        "address":{"$ref":"#/$defs/address"},"kind":{"enum":["friend","colleague","other"]},
        "notes":{"anyOf":[{"type":"string"},{"type":"null"}]}},"required":["name","age","tags","kind"],"additionalProperties":false,
        "$defs":{"address":{"type":"object","properties":{"street":{"type":"string"},"city":{"type":"string"},"since":{"type":"string","format":"date"}},
        "required":["street","city"],"additionalProperties":false}}}
        """;

    private const string Tree = """
        {"$ref":"#/$defs/node","$defs":{"node":{"type":"object","properties":{"value":{"type":"string"},"weight":{"type":"number","minimum":0,"maximum":1},
        "children":{"type":"array","items":{"$ref":"#/$defs/node"}}},"required":["value","children"]}}}
        """;

    private static readonly string[] Words = ["Grüße", "the quick brown fox", "数据", " and then ", "naïve \\\"quoted\\\"", "12:30", "🐎", "path/to/file", "x"];

    /// <summary>Measures with the tokenizer of a model folder.</summary>
    public static void Run(string folder)
    {
        Tokenizer tokenizer = Tokenizer.Load(folder);
        var text = new TokenizerText(tokenizer);
        long start = ThreadClock.Now();
        var compiler = new ConstraintCompiler(text, tokenizer.VocabularySize, [tokenizer.VocabularySize - 1]);
        Console.WriteLine($"{tokenizer.VocabularySize} tokens, read in {(ThreadClock.Now() - start) / 1e6:f0} ms");
        Console.WriteLine("constraint       compile ms   first mask us   tokens   mean us   median   p99   largest   (first pass: mean, largest)");
        Measure("any object", compiler, tokenizer, ConstraintSpec.JsonObject, AnyObject);
        Measure("person", compiler, tokenizer, ConstraintSpec.JsonSchema(Person), PersonDocument);
        Measure("tree", compiler, tokenizer, ConstraintSpec.JsonSchema(Tree), static random => Node(random, 5));
        Measure("regex", compiler, tokenizer, ConstraintSpec.Regex("(\\w+ ){3,8}\\d{2,20}[^z]{0,400}"), static random => $"{string.Concat(Enumerable.Repeat("word ", random.Next(3, 9)))}{random.Next(10, 99999)} {string.Concat(Enumerable.Range(0, 20).Select(_ => Words[random.Next(8)]))}");
        Measure("choice", compiler, tokenizer, ConstraintSpec.Choice([.. Enumerable.Range(0, 1000).Select(static i => $"choice number {i}")]), static random => $"choice number {random.Next(1000)}");
    }

    private static void Measure(string name, ConstraintCompiler compiler, Tokenizer tokenizer, ConstraintSpec spec, Func<Random, string> document)
    {
        long start = ThreadClock.Now();
        Constraint constraint = compiler.Compile(spec);
        double compile = (ThreadClock.Now() - start) / 1e6;
        start = ThreadClock.Now();
        _ = constraint.CreateState().AllowedTokens;
        double first = (ThreadClock.Now() - start) / 1e3;
        List<double> cold = Pass(constraint, tokenizer, document, 1, 5);
        List<double> warm = Pass(constraint, tokenizer, document, 1000, 60);
        warm.Sort();
        Console.WriteLine($"{name,-16}{compile,10:f1}{first,16:f0}{warm.Count,10}{warm.Average(),10:f1}{warm[warm.Count / 2],9:f1}{warm[warm.Count * 99 / 100],8:f0}{warm[^1],8:f0}    ({cold.Average():f0}, {cold.Max():f0})");
    }

    private static List<double> Pass(Constraint constraint, Tokenizer tokenizer, Func<Random, string> document, int seed, int documents)
    {
        List<double> times = [];
        for (int i = 0; i < documents; i++)
        {
            string text = document(new Random(seed + i));
            ConstraintState state = constraint.CreateState();
            _ = state.AllowedTokens;
            foreach (int id in tokenizer.Encode(text))
            {
                long start = ThreadClock.Now();
                state.Advance(id);
                _ = state.AllowedTokens;
                times.Add((ThreadClock.Now() - start) / 1e3);
            }

            if (!state.IsComplete)
            {
                throw new InvalidOperationException($"Not complete: {text}");
            }
        }

        return times;
    }

    private static string Text(Random random)
    {
        var text = new StringBuilder();
        for (int i = random.Next(1, 6); i > 0; i--)
        {
            text.Append(Words[random.Next(Words.Length)]);
        }

        return $"\"{text}\"";
    }

    private static string AnyObject(Random random) => $"{{\"a\": {Value(random, 6)}, \"b\": {Value(random, 6)}}}";

    private static string Value(Random random, int depth) => random.Next(depth > 0 ? 5 : 3) switch
    {
        0 => Text(random),
        1 => random.Next().ToString(System.Globalization.CultureInfo.InvariantCulture),
        2 => "true",
        3 => $"[{Value(random, depth - 1)}, {Value(random, depth - 1)}]",
        _ => $"{{{Text(random)}: {Value(random, depth - 1)},\n    {Text(random)}: {Value(random, depth - 1)}}}",
    };

    private static string PersonDocument(Random random)
        => $$"""{"name": {{Text(random)}}, "age": {{random.Next(150)}}, "email": "a.b@example.org", "tags": [{{Text(random)}}, {{Text(random)}}], "address": {"street": {{Text(random)}}, "city": {{Text(random)}}}, "kind": "colleague", "notes": {{Text(random)}}}""";

    private static string Node(Random random, int depth)
        => $$"""{"value": {{Text(random)}}, "weight": 0.{{random.Next(1000)}}, "children": [{{(depth == 0 ? "" : string.Join(", ", Enumerable.Range(0, random.Next(3)).Select(_ => Node(random, depth - 1))))}}]}""";
}
