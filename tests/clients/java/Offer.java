import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/**
 * Sends standard input as one structured event with the JDK's HttpClient, which offers HTTP/2 by itself.
 * Arguments: the URL, the value of Authorization. Prints [status, body].
 */
public class Offer {
    public static void main(String[] arguments) throws Exception {
        byte[] event = System.in.readAllBytes();
        HttpRequest request = HttpRequest.newBuilder(URI.create(arguments[0]))
                .header("Authorization", arguments[1])
                .header("Content-Type", "application/cloudevents+json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(event))
                .build();
        HttpResponse<String> answer =
                HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        System.out.println("[" + answer.statusCode() + ", " + answer.body() + "]");
    }
}
